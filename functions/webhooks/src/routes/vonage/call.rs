//! `POST /hooks/vonage/{clinic}/{account}`

use axum::extract::{OriginalUri, Path, State};
use edge::{Problem, Visit};
use http::{HeaderMap, StatusCode};
use platform::Platform;
use providers::{Provider, VonageHook};

use crate::{
    form::Json,
    routes::callback::{Call, own},
};

/// Tell how a text fares, or bring one
///
/// Signed by Vonage with the signature secret of the clinic's account. The answer comes when all of it is kept; the
/// same call again changes nothing.
#[utoipa::path(
    post,
    path = "/hooks/vonage/{clinic}/{account}",
    operation_id = "take_vonage_call",
    tag = "vonage",
    params(
        ("clinic" = String, Path, description = "The clinic."),
        ("account" = String, Path, description = "The clinic's name for its account."),
    ),
    extensions(("x-access" = json!("public"))),
    request_body(content = Object, content_type = "application/json"),
    responses(
        (status = 204, description = "It is kept."),
        (status = 401, description = "The call carries no signature."),
        (status = 403, description = "The signature does not fit the call, or there is no such account."),
    ),
)]
pub(super) async fn call(
    State(platform): State<Platform>,
    visit: Visit,
    Path((clinic, account)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Json(body): Json,
) -> Result<StatusCode, Problem> {
    let own = own(&platform, visit, Provider::Vonage, (&clinic, &account)).await?;
    let hook = VonageHook::new(own.proofs, own.id, platform.clock.now());
    Call { platform: &platform, visit, uri: &uri, headers, body }.take(own.whose, &hook).await?;
    Ok(StatusCode::NO_CONTENT)
}
