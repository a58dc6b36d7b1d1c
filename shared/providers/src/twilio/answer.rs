//! What the answer to a send means.

use bytes::Bytes;
use serde::Deserialize;

use crate::{Accepted, ReceiptStatus, SendError, answered, classes::Classes};

#[derive(Deserialize)]
struct Created {
    sid: String,
    status: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    code: Option<u32>,
    message: Option<String>,
}

/// What the answer to a message or a call means; `classes` and `read_status` are those of the one or the other.
pub(super) fn read(
    classes: &Classes,
    read_status: impl Fn(&str) -> ReceiptStatus,
    response: &http::Response<Bytes>,
) -> Result<Accepted, SendError> {
    let status = response.status();
    if status.is_success() {
        let created: Created = serde_json::from_slice(response.body()).map_err(|_| answered::nameless())?;
        return Ok(Accepted { provider_id: created.sid, status: read_status(&created.status) });
    }
    if status.is_client_error() {
        let refused: Refused = serde_json::from_slice(response.body()).unwrap_or_default();
        let code = refused.code.map(|code| code.to_string());
        let mut error =
            classes.refused(status, code.as_deref(), refused.message.as_deref().unwrap_or_default());
        if let Some(asked) = answered::retry_after(response) {
            error.wait = Some(asked);
        }
        return Err(error);
    }
    Err(answered::broken(status))
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;
    use jiff::SignedDuration;
    use rstest::rstest;

    use super::*;
    use crate::ErrorClass;

    fn read(response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
        super::read(crate::twilio::classes(), crate::twilio::status, response)
    }

    fn response(status: u16, body: &str) -> http::Response<Bytes> {
        http::Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
    }

    #[rstest]
    #[case(201, "queued", ReceiptStatus::Queued)]
    #[case(200, "accepted", ReceiptStatus::Accepted)]
    #[case(201, "hovering", ReceiptStatus::Other("hovering".into()))]
    fn any_2xx_with_an_id_is_accepted(#[case] http: u16, #[case] word: &str, #[case] status: ReceiptStatus) {
        let body = format!(r#"{{"sid":"SM1","status":"{word}","error_code":null,"num_segments":"1"}}"#);
        let accepted = read(&response(http, &body)).unwrap();
        assert_eq!(accepted, Accepted { provider_id: "SM1".into(), status });
    }

    #[rstest]
    #[case(400, "21211", ErrorClass::Address)]
    #[case(400, "21614", ErrorClass::Address)]
    #[case(400, "21610", ErrorClass::OptOut)]
    #[case(400, "21606", ErrorClass::Config)]
    #[case(400, "21617", ErrorClass::Content)]
    #[case(401, "20003", ErrorClass::Config)]
    #[case(404, "20404", ErrorClass::Config)]
    #[case(429, "20429", ErrorClass::Transient)]
    #[case(429, "30022", ErrorClass::Transient)]
    #[case(400, "30027", ErrorClass::Defer)]
    #[case(400, "30410", ErrorClass::Ambiguous)]
    #[case(400, "99999", ErrorClass::TransientOnce)]
    fn a_refusal_is_classed_by_its_code(#[case] http: u16, #[case] code: &str, #[case] class: ErrorClass) {
        let body = format!(
            r#"{{"code":{code},"message":"The 'To' number +12125550123 …","more_info":"…","status":{http}}}"#
        );
        let error = read(&response(http, &body)).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (class, Some(code)));
        assert!(!error.to_string().contains("555"), "{error}");
    }

    #[rstest]
    #[case(400, ErrorClass::TransientOnce)]
    #[case(401, ErrorClass::Config)]
    #[case(404, ErrorClass::Config)]
    #[case(429, ErrorClass::Transient)]
    #[case(302, ErrorClass::Config)]
    #[case(500, ErrorClass::Ambiguous)]
    #[case(503, ErrorClass::Ambiguous)]
    #[case(504, ErrorClass::Ambiguous)]
    #[case(201, ErrorClass::Ambiguous)]
    fn without_a_readable_body_the_status_decides(#[case] http: u16, #[case] class: ErrorClass) {
        assert_eq!(read(&response(http, "<html>")).unwrap_err().class, class);
    }

    #[test]
    fn a_server_error_stays_ambiguous_whatever_code_it_names() {
        let error = read(&response(500, r#"{"code":21211}"#)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Ambiguous);
    }

    #[test]
    fn the_pause_that_is_asked_for_is_passed_on() {
        let mut answer = response(429, r#"{"code":20429}"#);
        answer.headers_mut().insert(RETRY_AFTER, "17".parse().unwrap());
        assert_eq!(read(&answer).unwrap_err().wait, Some(SignedDuration::from_secs(17)));
    }
}
