//! Failures as RFC 9457 problems.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kernel::{Detail, Fault, Kind, RequestId};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not done, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<ProblemBody>);

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/body_invalid",
    "title": "Unprocessable Entity",
    "status": 422,
    "code": "body_invalid",
    "detail": "the body does not have the form that is asked for",
    "errors": [{ "pointer": "/phones/0", "detail": "is required" }],
    "request": "req_01m8cz00000000000000000000"
}))]
pub(crate) struct ProblemBody {
    /// Names the kind of problem: `/problems/` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The meaning of the status.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Stable; programs may build on it.
    code: String,
    /// One sentence for people.
    detail: String,
    /// The fields or parameters at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemDetail>,
    /// The request, to be named when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    request: Option<RequestId>,
    /// What the thing looks like now, if the request was based on an older version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    current: Option<serde_json::Value>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// One field or parameter at fault.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProblemDetail {
    /// JSON pointer into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Name of a parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// What is wrong and how to mend it.
    detail: String,
}

impl From<Detail> for ProblemDetail {
    fn from(detail: Detail) -> Self {
        let pointer = detail.at.is_empty() || detail.at.starts_with('/');
        Self {
            pointer: pointer.then(|| detail.at.clone()),
            parameter: (!pointer).then_some(detail.at),
            detail: detail.says,
        }
    }
}

impl Problem {
    /// A problem of a class, with its stable code and one sentence without personal data.
    pub fn new(kind: Kind, code: &str, detail: impl Into<String>) -> Self {
        Self::with_status(kind.status(), code, detail)
    }

    pub(crate) fn with_status(status: u16, code: &str, detail: impl Into<String>) -> Self {
        let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        Self(Box::new(ProblemBody {
            kind: format!("/problems/{code}"),
            title: title.unwrap_or("Problem"),
            status,
            code: code.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            request: None,
            current: None,
            retry_after: None,
        }))
    }

    /// The same, with the fields or parameters at fault.
    #[must_use]
    pub fn at(mut self, details: impl IntoIterator<Item = Detail>) -> Self {
        self.0.errors.extend(details.into_iter().map(ProblemDetail::from));
        self
    }

    /// The same, with the number of seconds after which it makes sense to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Somebody else changed the thing meanwhile; `current` is what it looks like now.
    pub fn stale(current: &impl Serialize) -> Self {
        let mut problem = Self::new(Kind::Conflict, "version_is_stale", "somebody changed this meanwhile");
        problem.0.current = serde_json::to_value(current).ok();
        problem
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    pub(crate) fn render(mut self, request: Option<RequestId>) -> Response {
        self.0.request = request;
        // A problem is a struct of text and numbers: there is nothing in it JSON cannot hold.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What a use case says of its failure becomes the problem; of our own defects only that there is one.
impl<F: Fault> From<F> for Problem {
    fn from(fault: F) -> Self {
        match fault.kind() {
            Kind::Broken => {
                tracing::error!(fault.code = fault.code(), fault = %fault, "a request met a defect");
                Self::new(Kind::Broken, "internal", "something is wrong on our side")
            }
            Kind::Unavailable => {
                tracing::warn!(fault.code = fault.code(), fault = %fault, "a request met something that is away");
                Self::new(Kind::Unavailable, fault.code(), "this is not possible for a moment").retry_after(1)
            }
            kind @ (Kind::TooMany | Kind::Locked) => {
                Self::new(kind, fault.code(), fault.to_string()).at(fault.details()).retry_after(1)
            }
            kind => Self::new(kind, fault.code(), fault.to_string()).at(fault.details()),
        }
    }
}

/// The body is written on the way out, where the request is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.clone().render(None);
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[derive(Debug, thiserror::Error)]
    #[error("rule rul_x says the canary sings")]
    struct Canary(Kind);

    impl Fault for Canary {
        fn kind(&self) -> Kind {
            self.0
        }
        fn code(&self) -> &'static str {
            "canary"
        }
        fn details(&self) -> Vec<Detail> {
            vec![Detail::new("/name", "is wrong"), Detail::new("X-Clinic", "is missing")]
        }
    }

    #[rstest]
    #[case(Kind::Malformed)]
    #[case(Kind::Conflict)]
    #[case(Kind::Invalid)]
    #[case(Kind::Gone)]
    fn a_fault_keeps_its_status_code_and_fields(#[case] kind: Kind) {
        let problem = serde_json::to_value(Problem::from(Canary(kind))).unwrap();
        assert_eq!(problem["status"], kind.status());
        assert_eq!(problem["type"], "/problems/canary");
        assert_eq!(problem["errors"][0]["pointer"], "/name");
        assert_eq!(problem["errors"][1]["parameter"], "X-Clinic");
    }

    #[rstest]
    #[case(Kind::Broken)]
    #[case(Kind::Unavailable)]
    fn a_defect_does_not_speak_of_what_is_inside(#[case] kind: Kind) {
        let text = serde_json::to_string(&Problem::from(Canary(kind))).unwrap();
        assert!(!text.contains("sings") && !text.contains("/name"), "{text}");
    }

    #[test]
    fn what_may_work_later_says_when() {
        let response = Problem::from(Canary(Kind::Unavailable)).into_response();
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
}
