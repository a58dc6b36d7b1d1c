//! `POST /hooks/sendgrid/{clinic}/{account}`

use axum::extract::{OriginalUri, Path, State};
use edge::{Problem, Visit};
use http::{HeaderMap, StatusCode};
use platform::Platform;
use providers::{Provider, SendgridHook};

use crate::{
    form::Json,
    routes::callback::{Call, own},
};

/// Tell how mail fares
///
/// Signed by SendGrid with the key of the clinic's event webhook. The answer comes when all of it is kept; the same
/// call again changes nothing.
#[utoipa::path(
    post,
    path = "/hooks/sendgrid/{clinic}/{account}",
    operation_id = "take_sendgrid_events",
    tag = "sendgrid",
    params(
        ("clinic" = String, Path, description = "The clinic."),
        ("account" = String, Path, description = "The clinic's name for its account."),
    ),
    extensions(("x-access" = json!("public"))),
    request_body(content = Vec<Object>, content_type = "application/json"),
    responses(
        (status = 204, description = "It is kept."),
        (status = 401, description = "The call carries no signature."),
        (status = 403, description = "The signature does not fit the call, or there is no such account."),
    ),
)]
pub(super) async fn events(
    State(platform): State<Platform>,
    visit: Visit,
    Path((clinic, account)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Json(body): Json,
) -> Result<StatusCode, Problem> {
    let own = own(&platform, visit, Provider::Sendgrid, (&clinic, &account)).await?;
    let hook = SendgridHook::new(own.proofs.iter().map(|key| key.reveal().as_str()), platform.clock.now());
    Call { platform: &platform, visit, uri: &uri, headers, body }.take(own.whose, &hook).await?;
    Ok(StatusCode::NO_CONTENT)
}
