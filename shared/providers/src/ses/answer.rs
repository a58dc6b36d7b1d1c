//! What the answer to a send means.

use bytes::Bytes;
use serde::Deserialize;

use crate::{Accepted, ReceiptStatus, SendError, answered};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    message_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    #[serde(rename = "__type")]
    kind: Option<String>,
    code: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

pub(super) fn read(response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
    let status = response.status();
    if status.is_success() {
        let sent: Sent = serde_json::from_slice(response.body()).map_err(|_| answered::nameless())?;
        return Ok(Accepted { provider_id: sent.message_id, status: ReceiptStatus::Accepted });
    }
    if status.is_client_error() {
        let refused: Refused = serde_json::from_slice(response.body()).unwrap_or_default();
        let code = response
            .headers()
            .get("x-amzn-errortype")
            .and_then(|value| value.to_str().ok())
            .or(refused.kind.as_deref())
            .or(refused.code.as_deref())
            .map(short);
        let message = refused.message.as_deref().unwrap_or_default();
        return Err(super::classes().refused(status, code, message));
    }
    Err(answered::broken(status))
}

/// `MessageRejected` out of `com.amazonaws.ses#MessageRejected:http://…` (the protocol's rule for error names).
fn short(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::ErrorClass;

    fn refused(status: u16, header: Option<&str>, body: &str) -> SendError {
        let mut builder = http::Response::builder().status(status);
        if let Some(header) = header {
            builder = builder.header("x-amzn-ErrorType", header);
        }
        read(&builder.body(Bytes::from(body.to_owned())).unwrap()).unwrap_err()
    }

    #[test]
    fn an_id_is_acceptance_and_no_delivery() {
        let accepted = read(&http::Response::new(r#"{"MessageId":"0100-1"}"#.into())).unwrap();
        assert_eq!(accepted, Accepted { provider_id: "0100-1".into(), status: ReceiptStatus::Accepted });
    }

    #[rstest]
    #[case(429, "TooManyRequestsException", "Maximum sending rate exceeded.", ErrorClass::Transient)]
    #[case(429, "TooManyRequestsException", "Daily message quota exceeded.", ErrorClass::Defer)]
    #[case(400, "LimitExceededException", "", ErrorClass::Config)]
    #[case(400, "AccountSuspendedException", "", ErrorClass::Config)]
    #[case(400, "SendingPausedException", "", ErrorClass::Config)]
    #[case(400, "MessageRejected", "Message contains a virus", ErrorClass::Content)]
    #[case(400, "MessageRejected", "Email address is not verified. …: a@example.com", ErrorClass::Config)]
    #[case(400, "MailFromDomainNotVerifiedException", "", ErrorClass::Config)]
    #[case(404, "NotFoundException", "", ErrorClass::Config)]
    #[case(400, "BadRequestException", "", ErrorClass::Content)]
    #[case(403, "AccessDeniedException", "", ErrorClass::Config)]
    #[case(403, "SomethingNew", "", ErrorClass::Config)]
    #[case(400, "SomethingNew", "", ErrorClass::TransientOnce)]
    fn a_refusal_is_classed_by_its_name(
        #[case] status: u16,
        #[case] name: &str,
        #[case] message: &str,
        #[case] class: ErrorClass,
    ) {
        let body = format!(r#"{{"message":"{message}"}}"#);
        let error = refused(status, Some(&format!("{name}:http://internal.amazon.com/x/")), &body);
        assert_eq!((error.class, error.code.as_deref()), (class, Some(name)));
        assert!(!error.to_string().contains('@'));
    }

    #[test]
    fn the_name_may_stand_in_the_body() {
        let body = r#"{"__type":"com.amazonaws.sesv2#MessageRejected","Message":"no"}"#;
        assert_eq!(refused(400, None, body).class, ErrorClass::Content);
    }

    #[rstest]
    #[case(500, ErrorClass::Ambiguous)]
    #[case(503, ErrorClass::Ambiguous)]
    #[case(301, ErrorClass::Config)]
    #[case(429, ErrorClass::Transient)]
    #[case(413, ErrorClass::Content)]
    #[case(200, ErrorClass::Ambiguous)]
    fn without_a_readable_body_the_status_decides(#[case] status: u16, #[case] class: ErrorClass) {
        assert_eq!(refused(status, None, "<html>").class, class);
    }
}
