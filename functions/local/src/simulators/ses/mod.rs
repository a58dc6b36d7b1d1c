//! SES v2: `SendEmail`, a mailbox that keeps what arrives, and events as SNS carries them.
//!
//! Shapes: <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html> and
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>.

mod event;
mod mime;
mod rules;
mod send;
mod sink;
mod sns;

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing,
};
use serde_json::json;

pub(super) use self::{event::MailEvent, rules::Rules, sink::tell};
pub use self::{
    event::Published,
    sink::{EventSink, NotTaken},
    sns::SnsTopic,
};
use super::Simulators;

/// SES takes 40 MB after encoding.
const MOST_BYTES: usize = 40 * 1024 * 1024;

pub(super) fn routes() -> Router<Simulators> {
    Router::new()
        .route("/v2/email/outbound-emails", routing::post(send::send))
        .layer(DefaultBodyLimit::max(MOST_BYTES + 64 * 1024))
        .fallback(async || Refusal::new("NotFoundException", "no such operation is simulated"))
}

/// Errors by name and their HTTP status.
type Errors = BTreeMap<String, rules::ErrorStatus>;

/// An error of the API: its name and words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    name: &'static str,
    says: String,
}

impl Refusal {
    fn new(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, says: says.into() }
    }

    fn bad(says: impl Into<String>) -> Self {
        Self::new("BadRequestException", says)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(Rules::get().status(self.name)).unwrap_or(StatusCode::BAD_REQUEST);
        (status, [("x-amzn-errortype", self.name)], Json(json!({"message": self.says}))).into_response()
    }
}
