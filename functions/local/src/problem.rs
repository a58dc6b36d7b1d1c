//! Refusals of the pages that only exist on a developer's machine, as RFC 9457 problems.

use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

/// A problem document: `code` is stable, `says` tells a person what to do.
pub(crate) fn problem(status: StatusCode, code: &str, says: &str) -> Response {
    let body = json!({"type": "about:blank", "status": status.as_u16(), "code": code, "detail": says});
    (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
