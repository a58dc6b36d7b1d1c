//! What the answer to a send means. Errors are problems of RFC 9457 whose type ends in the code.

use bytes::Bytes;
use serde::Deserialize;

use crate::{Accepted, ReceiptStatus, SendError, answered};

#[derive(Deserialize)]
struct Taken {
    message_uuid: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    r#type: String,
    title: Option<String>,
    detail: Option<String>,
}

pub(super) fn read(response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
    let status = response.status();
    if status.is_success() {
        let taken: Taken = serde_json::from_slice(response.body()).map_err(|_| answered::nameless())?;
        return Ok(Accepted { provider_id: taken.message_uuid, status: ReceiptStatus::Accepted });
    }
    if !status.is_client_error() {
        return Err(answered::broken(status));
    }
    let refused: Refused = serde_json::from_slice(response.body()).unwrap_or_default();
    let words = refused.detail.or(refused.title).unwrap_or_default();
    let mut error = super::classes().refused(status, code(&refused.r#type), &words);
    if let Some(asked) = answered::retry_after(response) {
        error.wait = Some(asked);
    }
    Err(error)
}

/// `1120` out of `https://developer.vonage.com/api-errors/messages#1120`.
pub(super) fn code(kind: &str) -> Option<&str> {
    kind.rsplit_once('#').map(|(_, code)| code)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::ErrorClass;

    fn response(status: u16, body: &str) -> http::Response<Bytes> {
        http::Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn an_id_is_acceptance_and_no_delivery() {
        let body = r#"{"message_uuid":"aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"}"#;
        let accepted = read(&response(202, body)).unwrap();
        assert_eq!(accepted.provider_id, "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab");
        assert_eq!(accepted.status, ReceiptStatus::Accepted);
    }

    #[rstest]
    #[case(429, "messages#1000", ErrorClass::Transient)]
    #[case(422, "messages#1010", ErrorClass::Content)]
    #[case(422, "messages#1020", ErrorClass::Content)]
    #[case(422, "messages#1040", ErrorClass::Address)]
    #[case(422, "messages#1050", ErrorClass::Address)]
    #[case(402, "#low-balance", ErrorClass::Config)]
    #[case(401, "#unauthorized", ErrorClass::Config)]
    #[case(422, "messages#1120", ErrorClass::Config)]
    #[case(422, "messages#1170", ErrorClass::Address)]
    #[case(422, "messages#9999", ErrorClass::TransientOnce)]
    fn a_refusal_is_classed_by_its_code(#[case] http: u16, #[case] kind: &str, #[case] class: ErrorClass) {
        let body = format!(
            r#"{{"type":"https://developer.vonage.com/api-errors/{kind}","title":"No",
                "detail":"12125550123","instance":"x"}}"#
        );
        let error = read(&response(http, &body)).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (class, code(kind)));
        assert!(!error.says.contains("555"));
    }

    #[rstest]
    #[case(202, ErrorClass::Ambiguous)]
    #[case(302, ErrorClass::Config)]
    #[case(400, ErrorClass::TransientOnce)]
    #[case(401, ErrorClass::Config)]
    #[case(402, ErrorClass::Config)]
    #[case(429, ErrorClass::Transient)]
    #[case(500, ErrorClass::Ambiguous)]
    #[case(503, ErrorClass::Ambiguous)]
    fn without_a_readable_body_the_status_decides(#[case] http: u16, #[case] class: ErrorClass) {
        assert_eq!(read(&response(http, "<html>")).unwrap_err().class, class);
    }
}
