//! What the answer to a send means.

use bytes::Bytes;
use serde::Deserialize;

use crate::{Accepted, ReceiptStatus, SendError, answered};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    errors: Vec<Refusal>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    message: Option<String>,
}

/// The mail's id stands in a header; the body of an acceptance is empty. Refusals have no codes but their status.
pub(super) fn read(response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
    let status = response.status();
    if status.is_success() {
        let id = response.headers().get("x-message-id").and_then(|value| value.to_str().ok());
        let id = id.filter(|id| !id.trim().is_empty()).ok_or_else(answered::nameless)?;
        return Ok(Accepted { provider_id: id.to_owned(), status: ReceiptStatus::Accepted });
    }
    if !status.is_client_error() {
        return Err(answered::broken(status));
    }
    let refused: Refused = serde_json::from_slice(response.body()).unwrap_or_default();
    let words: Vec<_> = refused.errors.into_iter().filter_map(|error| error.message).collect();
    let mut error = super::classes().refused(status, None, &words.join(" "));
    if let Some(asked) = answered::retry_after(response) {
        error.wait = Some(asked);
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::ErrorClass;

    #[test]
    fn an_id_is_acceptance_and_no_delivery() {
        let response = http::Response::builder().status(202).header("X-Message-Id", "LRzXl_NHStOGhQ4kofSm_A");
        let accepted = read(&response.body(Bytes::new()).unwrap()).unwrap();
        assert_eq!(accepted.provider_id, "LRzXl_NHStOGhQ4kofSm_A");
        assert_eq!(accepted.status, ReceiptStatus::Accepted);
    }

    #[rstest]
    #[case(400, "The subject is required.", ErrorClass::Content)]
    #[case(400, "Does not contain a valid address.", ErrorClass::Content)]
    #[case(401, "The provided authorization grant is invalid", ErrorClass::Config)]
    #[case(401, "Maximum credits exceeded", ErrorClass::Defer)]
    #[case(403, "The from address does not match a verified Sender Identity.", ErrorClass::Config)]
    #[case(413, "", ErrorClass::Content)]
    #[case(429, "too many requests", ErrorClass::Transient)]
    #[case(418, "", ErrorClass::TransientOnce)]
    #[case(301, "", ErrorClass::Config)]
    #[case(500, "", ErrorClass::Ambiguous)]
    #[case(503, "", ErrorClass::Ambiguous)]
    #[case(202, "", ErrorClass::Ambiguous)]
    fn an_answer_is_classed_by_its_status(
        #[case] http: u16,
        #[case] message: &str,
        #[case] class: ErrorClass,
    ) {
        let body = serde_json::json!({ "errors": [{ "message": message, "field": null, "help": null }] });
        let response = http::Response::builder().status(http).body(Bytes::from(body.to_string())).unwrap();
        let error = read(&response).unwrap_err();
        assert_eq!(error.class, class);
        let unreadable = http::Response::builder().status(http).body(Bytes::from("<html>")).unwrap();
        assert!(read(&unreadable).is_err());
    }
}
