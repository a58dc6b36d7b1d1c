//! `POST /hooks/twilio/status`

use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use edge::{Problem, Visit};
use http::HeaderMap;
use platform::Platform;

use super::{Call, answer};
use crate::form::UrlEncoded;

/// Tell how a text of ours fares
///
/// Signed by Twilio. The answer comes when the receipt is kept; the same receipt again changes nothing. The address
/// says whose message it is, and whose account if it is a clinic's own.
#[utoipa::path(
    post,
    path = "/hooks/twilio/status",
    operation_id = "take_twilio_status",
    tag = "twilio",
    extensions(("x-access" = json!("public"))),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "It is kept.", body = String, content_type = "text/xml"),
        (status = 401, description = "The call carries no signature."),
        (status = 403, description = "The signature does not fit the call."),
    ),
)]
pub(super) async fn status(
    State(platform): State<Platform>,
    visit: Visit,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    UrlEncoded(body): UrlEncoded,
) -> Result<Response, Problem> {
    answer(Call { platform: &platform, visit, uri: &uri, headers, body }).await
}
