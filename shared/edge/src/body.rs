//! Bodies of requests.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    response::{IntoResponse, Response},
};
use http::header;
use kernel::{Detail, Kind};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Problem,
    strict::{self, Unreadable},
};

/// A JSON body, in either direction. On the way in it is strict: another content type is 415, what is not JSON
/// 400 with line and column, another form 422 with a pointer to the place, too many bytes 413. Derive
/// `Deserialize` with `deny_unknown_fields` for what comes in.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

fn is_json(request: &Request) -> bool {
    let Some(Ok(value)) = request.headers().get(header::CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json = kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
    let utf8 = parts.all(|part| match part.split_once('=') {
        Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
            charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    json && utf8
}

pub(crate) fn too_large() -> Problem {
    Problem::new(Kind::TooLarge, "body_too_large", "the body has more bytes than are taken here")
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::new(
                Kind::UnsupportedType,
                "content_type_unsupported",
                "the body has to be application/json in UTF-8",
            ));
        }
        if request.headers().get_all(header::CONTENT_ENCODING).iter().any(|encoding| encoding != "identity") {
            // A few packed bytes may hold gigabytes: nothing is unpacked here.
            return Err(Problem::new(
                Kind::UnsupportedType,
                "content_encoding_unsupported",
                "the body has to come as it is, not packed",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(why) if why.status().as_u16() == 413 => too_large(),
            _ => Problem::new(Kind::Malformed, "body_unreadable", "the body broke off"),
        })?;
        strict::json(&bytes).map(Json).map_err(|unreadable| match unreadable {
            Unreadable::Syntax { line, column } => Problem::new(
                Kind::Malformed,
                "body_not_json",
                format!("the body is not JSON at line {line}, column {column}"),
            ),
            Unreadable::Form(detail) => invalid([detail]),
        })
    }
}

fn invalid(details: impl IntoIterator<Item = Detail>) -> Problem {
    Problem::new(Kind::Invalid, "body_invalid", "the body does not have the form that is asked for")
        .at(details)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}
