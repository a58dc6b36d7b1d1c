//! Versions: updates name the one they are based on.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header, request::Parts};
use kernel::{Detail, Kind};
use serde::Serialize;
use utoipa::IntoParams;

use crate::{Json, Problem};

/// The version that an update is based on, from `If-Match`: `"3"` or `3`. It is required wherever a handler asks
/// for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub u64);

/// For the documentation of operations that need `If-Match`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header")]
pub struct IfMatchHeader {
    /// The version that the update is based on, as the `ETag` or the field `version` of an answer tells it.
    #[param(rename = "If-Match", pattern = "^(\"[0-9]{1,18}\"|[0-9]{1,18})$", example = "\"3\"")]
    if_match: String,
}

impl IfMatch {
    /// Whether the version there is now is the one the update is based on; if not, the problem shows the
    /// `current` one.
    pub fn holds<T: Serialize>(self, version: u64, current: impl FnOnce() -> T) -> Result<(), Problem> {
        if self.0 == version { Ok(()) } else { Err(Problem::stale(&current())) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let wrong = |code, says: &str| {
            Problem::new(Kind::Invalid, code, "an update names the version it is based on")
                .at([Detail::new("If-Match", says)])
        };
        let value = parts
            .headers
            .get(header::IF_MATCH)
            .ok_or_else(|| wrong("version_required", "is required: the version from the last answer"))?;
        value
            .to_str()
            .ok()
            .and_then(|text| text.trim().trim_matches('"').parse().ok())
            .map(Self)
            .ok_or_else(|| wrong("version_invalid", "must be a version, such as \"3\""))
    }
}

/// An answer with the version of what it shows, also as `ETag`.
#[derive(Debug, Clone, Copy)]
pub struct Versioned<T>(pub u64, pub T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.1).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.0)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}
