//! `POST /hooks/twilio/inbound`

use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use edge::{Problem, Visit};
use http::HeaderMap;
use platform::Platform;

use super::{Call, answer};
use crate::form::UrlEncoded;

/// Bring a text that somebody wrote to one of our numbers
///
/// Signed by Twilio. The answer comes when the text is kept; the same text again changes nothing. The numbers of a
/// clinic's own account call with `?clinic={id}&account={name}`.
#[utoipa::path(
    post,
    path = "/hooks/twilio/inbound",
    operation_id = "take_twilio_inbound",
    tag = "twilio",
    extensions(("x-access" = json!("public"))),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "It is kept. An empty document: no instructions.", body = String, content_type = "text/xml"),
        (status = 401, description = "The call carries no signature."),
        (status = 403, description = "The signature does not fit the call."),
    ),
)]
pub(super) async fn inbound(
    State(platform): State<Platform>,
    visit: Visit,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    UrlEncoded(body): UrlEncoded,
) -> Result<Response, Problem> {
    answer(Call { platform: &platform, visit, uri: &uri, headers, body }).await
}
