//! Calls of Twilio: how our texts fare, and texts of others.

mod inbound;
mod refuse;
mod status;
mod take;
mod verify;

use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use edge::{OpenApiRouter, routes};
use edge::{Problem, Visit};
use http::{HeaderMap, Uri, header};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(status::status)).routes(routes!(inbound::inbound))
}

/// A call, as it came.
struct Call<'a> {
    platform: &'a Platform,
    visit: Visit,
    uri: &'a Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Call<'_> {
    /// Verifies, keeps, answers. Twilio reads the answer as instructions: there are none. To a receipt it would
    /// take any 2xx.
    async fn answer(self) -> Result<Response, Problem> {
        let Self { platform, visit, uri, headers, body } = self;
        let hook = verify::hook(platform).await?;
        match verify::verify(&hook, platform, uri, headers, body.clone()) {
            Ok(verified) => take::take(platform, visit, &hook, &verified, (uri, &body)).await?,
            Err(unverified) => return Err(refuse::refuse(platform, visit, uri, unverified).await),
        }
        Ok(([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], "<Response/>").into_response())
    }
}
