//! Calls of Twilio: how our texts fare, and texts of others.

mod inbound;
mod status;

use axum::response::{IntoResponse, Response};
use edge::{OpenApiRouter, Problem, routes};
use http::{Uri, header};
use platform::Platform;
use providers::{Provider, TwilioHook};
use url::form_urlencoded;

use super::callback::{Call, Whose, own, proofs};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(status::status)).routes(routes!(inbound::inbound))
}

/// The secret with the auth tokens of the deployment's account.
const SECRET: &str = "twilio-hook";

/// Takes a call. Twilio reads the answer as instructions: there are none. To a receipt it would take any 2xx.
async fn answer(call: Call<'_>) -> Result<Response, Problem> {
    let (whose, proofs) = match owner(call.uri) {
        Some((clinic, account)) => {
            let own = own(call.platform, call.visit, Provider::Twilio, (&clinic, &account)).await?;
            (own.whose, own.proofs)
        }
        None => (Whose::Deployment, proofs(call.platform, SECRET).await?),
    };
    let hook = TwilioHook::new(proofs);
    call.take(whose, &hook).await?;
    Ok(([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], "<Response/>").into_response())
}

/// The clinic and its account that an address names, if it names an account.
fn owner(uri: &Uri) -> Option<(String, String)> {
    let query = uri.query()?;
    let value = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    Some((value("clinic").unwrap_or_default(), value("account")?))
}
