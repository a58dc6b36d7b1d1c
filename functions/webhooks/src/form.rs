//! Bodies of forms, as browsers, mail programs and providers post them.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
};
use edge::Problem;
use http::header;
use kernel::Kind;
use url::form_urlencoded;

/// The most bytes a body of this function may have. Ten files in a text message are ten addresses: a callback
/// is far below.
pub(crate) const MOST_BYTES: usize = 64 * 1024;

/// The most bytes of a body that tells of many messages at once.
pub(crate) const MOST_BYTES_OF_EVENTS: usize = 1024 * 1024;

/// The bytes of an `application/json` body, unread: the signature is over the bytes.
pub(crate) struct Json(pub(crate) Bytes);

/// The bytes of an `application/x-www-form-urlencoded` body, unread.
pub(crate) struct UrlEncoded(pub(crate) Bytes);

/// A form, of either kind that a browser or a mail program may post.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

enum Shape {
    UrlEncoded,
    Multipart { boundary: String },
}

fn shape(request: &Request) -> Option<Shape> {
    let value = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (kind, rest) = value.split_once(';').unwrap_or((value, ""));
    match kind.trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Some(Shape::UrlEncoded),
        "multipart/form-data" => {
            let boundary = rest.split(';').find_map(|part| {
                let (name, value) = part.split_once('=')?;
                name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
            });
            // RFC 2046 §5.1.1: 1 to 70 characters.
            boundary
                .filter(|boundary| (1..=70).contains(&boundary.len()))
                .map(|boundary| Shape::Multipart { boundary: boundary.to_owned() })
        }
        _ => None,
    }
}

fn unsupported(says: &'static str) -> Problem {
    Problem::new(Kind::UnsupportedType, "content_type_unsupported", says)
}

const A_FORM: &str = "the body has to be a form";

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(why) if why.status().as_u16() == 413 => {
            Problem::new(Kind::TooLarge, "body_too_large", "the body has more bytes than are taken here")
        }
        _ => Problem::new(Kind::Malformed, "body_unreadable", "the body broke off"),
    })
}

impl<S: Send + Sync> FromRequest<S> for UrlEncoded {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match shape(&request) {
            Some(Shape::UrlEncoded) => bytes(request, state).await.map(Self),
            _ => Err(unsupported(A_FORM)),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Json {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|value| value.split(';').next()).unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case("application/json") {
            return Err(unsupported("the body has to be JSON"));
        }
        bytes(request, state).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let shape = shape(&request).ok_or_else(|| unsupported(A_FORM))?;
        let bytes = bytes(request, state).await?;
        Ok(Self(match shape {
            Shape::UrlEncoded => form_urlencoded::parse(&bytes).into_owned().collect(),
            Shape::Multipart { boundary } => multipart(&String::from_utf8_lossy(&bytes), &boundary),
        }))
    }
}

/// The text fields of a multipart form (RFC 7578); what is no field is passed over.
fn multipart(body: &str, boundary: &str) -> Vec<(String, String)> {
    let delimiter = format!("--{boundary}");
    let parts = body.split(delimiter.as_str()).skip(1).take_while(|part| !part.starts_with("--"));
    parts.filter_map(field).collect()
}

fn field(part: &str) -> Option<(String, String)> {
    let (head, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let name = disposition.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case("name").then(|| value.trim().trim_matches('"'))
    })?;
    let value = value.strip_suffix("\r\n").or_else(|| value.strip_suffix('\n')).unwrap_or(value);
    Some((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_multipart_form_gives_its_fields() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n\
                    --x\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=b\r\n\r\n\r\n--x--\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"late\"\r\n\r\n1\r\n";
        let expected = [("List-Unsubscribe", "One-Click"), ("b", "")];
        let expected: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(multipart(body, "x"), expected);
        assert_eq!(multipart("", "x"), Vec::new());
        assert_eq!(multipart("--x", "x"), Vec::new());
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reader(body in "(--x|\r\n|[a-z:;=\" -]|\u{e9}){0,60}") {
            let _ = multipart(&body, "x");
        }
    }
}
