//! What the answer to a send means.

use bytes::Bytes;
use serde::Deserialize;

use crate::{Accepted, ReceiptStatus, SendError, answered};

#[derive(Deserialize)]
struct Taken {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: Refusal,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    code: Option<i64>,
    message: Option<String>,
    error_data: Data,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Data {
    details: Option<String>,
}

pub(super) fn read(response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
    let status = response.status();
    if status.is_success() {
        let taken: Taken = serde_json::from_slice(response.body()).map_err(|_| answered::nameless())?;
        let first = taken.messages.into_iter().next().ok_or_else(answered::nameless)?;
        return Ok(Accepted { provider_id: first.id, status: ReceiptStatus::Accepted });
    }
    if !status.is_client_error() {
        return Err(answered::broken(status));
    }
    let refused: Refused = serde_json::from_slice(response.body()).unwrap_or_default();
    let code = refused.error.code.map(|code| code.to_string());
    let words = refused.error.error_data.details.or(refused.error.message).unwrap_or_default();
    let mut error = super::classes().refused(status, code.as_deref(), &words);
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

    fn response(status: u16, body: &str) -> http::Response<Bytes> {
        http::Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn an_id_is_acceptance_and_no_delivery() {
        let body = r#"{"messaging_product":"whatsapp","contacts":[{"input":"12125550123","wa_id":"12125550123"}],
            "messages":[{"id":"wamid.A","message_status":"accepted"}]}"#;
        let accepted = read(&response(200, body)).unwrap();
        assert_eq!(accepted, Accepted { provider_id: "wamid.A".into(), status: ReceiptStatus::Accepted });
    }

    #[rstest]
    #[case(400, 131_026, ErrorClass::Address)]
    #[case(400, 131_047, ErrorClass::Content)]
    #[case(400, 130_472, ErrorClass::Content)]
    #[case(400, 131_049, ErrorClass::Defer)]
    #[case(400, 131_050, ErrorClass::OptOut)]
    #[case(400, 131_056, ErrorClass::Transient)]
    #[case(429, 130_429, ErrorClass::Transient)]
    #[case(400, 131_048, ErrorClass::Config)]
    #[case(400, 132_001, ErrorClass::Content)]
    #[case(401, 190, ErrorClass::Config)]
    #[case(401, 0, ErrorClass::Config)]
    #[case(403, 10, ErrorClass::Config)]
    #[case(403, 299, ErrorClass::Config)]
    #[case(400, 100, ErrorClass::Content)]
    #[case(400, 999_999, ErrorClass::TransientOnce)]
    fn a_refusal_is_classed_by_its_code(#[case] http: u16, #[case] code: i64, #[case] class: ErrorClass) {
        let body = format!(
            r#"{{"error":{{"message":"(#{code}) +12125550123","type":"OAuthException","code":{code},
                "error_data":{{"messaging_product":"whatsapp","details":"…"}},"fbtrace_id":"x"}}}}"#
        );
        let error = read(&response(http, &body)).unwrap_err();
        assert_eq!((error.class, error.code), (class, Some(code.to_string())));
        assert!(!error.says.contains("555"));
    }

    #[rstest]
    #[case(400, ErrorClass::TransientOnce)]
    #[case(401, ErrorClass::Config)]
    #[case(429, ErrorClass::Transient)]
    #[case(302, ErrorClass::Config)]
    #[case(500, ErrorClass::Ambiguous)]
    #[case(503, ErrorClass::Ambiguous)]
    #[case(200, ErrorClass::Ambiguous)]
    fn without_a_readable_body_the_status_decides(#[case] http: u16, #[case] class: ErrorClass) {
        assert_eq!(read(&response(http, "<html>")).unwrap_err().class, class);
    }

    #[test]
    fn an_answer_that_names_no_message_is_ambiguous_and_a_failure_stays_so_whatever_its_code() {
        assert_eq!(read(&response(200, r#"{"messages":[]}"#)).unwrap_err().class, ErrorClass::Ambiguous);
        let failed = response(500, r#"{"error":{"code":131026}}"#);
        assert_eq!(read(&failed).unwrap_err().class, ErrorClass::Ambiguous);
    }
}
