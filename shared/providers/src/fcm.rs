//! Push through Firebase Cloud Messaging, HTTP API version 1:
//! <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>. It tells nothing afterwards: what
//! a device did with a push only the app can say.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{Method, Request, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Accepted, Address, Auth, Carrier, Content, ErrorClass, LookedUp, Lookup, Outgoing, Prepared, Provider,
    Push, ReceiptStatus, SendError, answered, classes::Classes, ids::unusable_settings,
};

/// What the access token has to be for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// Bytes of what a device gets.
const LARGEST: usize = 4096;
const LONGEST_TITLE: usize = 100;
const LONGEST_BODY: usize = 500;
const MOST_ACTIONS: usize = 3;
/// Seconds that a push may wait for its device: four weeks.
const LONGEST_WAIT: i64 = 2_419_200;

pub(crate) fn classes() -> &'static Classes {
    static CLASSES: LazyLock<Classes> = LazyLock::new(|| Classes::read(include_str!("../data/fcm.json")));
    &CLASSES
}

/// One Firebase project.
#[derive(Debug, Clone, Deserialize)]
pub struct Fcm {
    /// `https://fcm.googleapis.com`, or a simulator.
    pub base_url: String,
    /// The project's id.
    pub project_id: String,
    /// Name of the secret whose value is the key file of a service account that may send.
    pub secret: String,
}

impl Carrier for Fcm {
    fn provider(&self) -> Provider {
        Provider::Fcm
    }

    fn request(&self, outgoing: &Outgoing) -> Result<Prepared, SendError> {
        let (Address::Device(token), Content::Push(push)) = (&outgoing.to, &outgoing.content) else {
            return Err(SendError::wrong_channel());
        };
        let body = json!({ "message": message(token.reveal(), push, outgoing)? }).to_string();
        if body.len() > LARGEST {
            return Err(unfit("push_too_large", "the push is larger than 4,096 bytes"));
        }
        let base = self.base_url.trim_end_matches('/');
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{base}/v1/projects/{}/messages:send", self.project_id))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(body))
            .map_err(|_| unusable_settings())?;
        Ok(Prepared { request, auth: Auth::ServiceAccount { secret: self.secret.clone(), scope: SCOPE } })
    }

    fn answer(&self, response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
        read(response)
    }

    /// Nothing can be asked. A push that is sent twice shows once: it takes the place of its like.
    fn lookup(&self, _: &Lookup) -> Option<Prepared> {
        None
    }

    fn looked_up(&self, _: &Lookup, _: &http::Response<Bytes>) -> LookedUp {
        LookedUp::Unclear
    }
}

fn unfit(code: &'static str, says: &'static str) -> SendError {
    SendError::own(ErrorClass::Content, code, says)
}

fn message(token: &str, push: &Push, outgoing: &Outgoing) -> Result<Value, SendError> {
    let (title, body) = (push.title.reveal(), push.body.reveal());
    if title.trim().is_empty() || body.trim().is_empty() {
        return Err(unfit("push_empty", "the push has no title or no text"));
    }
    if title.chars().count() > LONGEST_TITLE || body.chars().count() > LONGEST_BODY {
        return Err(unfit(
            "push_too_long",
            "the push's title is longer than 100 characters or its text than 500",
        ));
    }
    if push.actions.len() > MOST_ACTIONS {
        return Err(unfit("too_many_actions", "the push has more than 3 actions"));
    }
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(SendError::own(ErrorClass::Address, "token_unfit", "the device's token is none"));
    }
    let id = outgoing.message.to_string();
    // All values are text. What the app needs to open the right thing and to tell us that it did.
    let mut data = Map::new();
    data.insert("message".into(), id.as_str().into());
    data.insert("clinic".into(), outgoing.clinic.to_string().into());
    if let Some(link) = &push.link {
        data.insert("link".into(), link.as_str().into());
    }
    if !push.actions.is_empty() {
        let actions: Vec<_> =
            push.actions.iter().map(|(name, words)| json!({ "name": name, "words": words })).collect();
        data.insert("actions".into(), Value::Array(actions).to_string().into());
    }
    let mut android = json!({ "collapse_key": id, "priority": "HIGH", "notification": { "tag": id } });
    if let Some(good_for) = outgoing.good_for {
        android["ttl"] = format!("{}s", good_for.as_secs().clamp(0, LONGEST_WAIT)).into();
    }
    let mut message = json!({
        "token": token,
        "notification": { "title": title, "body": body },
        "data": data,
        "android": android,
        "apns": { "headers": { "apns-collapse-id": id } },
    });
    if let Some(link) = push.link.as_deref().filter(|link| link.starts_with("https://")) {
        message["webpush"] = json!({ "fcm_options": { "link": link } });
    }
    Ok(message)
}

#[derive(Deserialize)]
struct Taken {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: Refusal,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    status: Option<String>,
    message: Option<String>,
    details: Vec<Detail>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    error_code: Option<String>,
}

fn read(response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
    let status = response.status();
    if status.is_success() {
        let taken: Taken = serde_json::from_slice(response.body()).map_err(|_| answered::nameless())?;
        return Ok(Accepted { provider_id: taken.name, status: ReceiptStatus::Sent });
    }
    if !status.is_client_error() {
        return Err(SendError { wait: answered::retry_after(response), ..answered::broken(status) });
    }
    let refused: Refused = serde_json::from_slice(response.body()).unwrap_or_default();
    // The service's own code says more than that of the platform below it.
    let own = refused.error.details.into_iter().find_map(|detail| detail.error_code);
    let code = own.or(refused.error.status);
    let words = refused.error.message.unwrap_or_default();
    let mut error = classes().refused(status, code.as_deref(), &words);
    if let Some(asked) = answered::retry_after(response) {
        error.wait = Some(asked);
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{ClinicId, Masked, MessageId};
    use rstest::rstest;

    use super::*;

    fn fcm() -> Fcm {
        Fcm {
            base_url: "https://fcm.googleapis.com".into(),
            project_id: "bright-app".into(),
            secret: "fcm/main".into(),
        }
    }

    fn push(title: &str, body: &str) -> Push {
        Push { title: Masked::new(title.into()), body: Masked::new(body.into()), link: None, actions: vec![] }
    }

    fn outgoing(push: Push) -> Outgoing {
        Outgoing {
            message: MessageId::FIRST,
            clinic: ClinicId::LAST,
            attempt: 1,
            to: Address::Device(Masked::new("fGx:APA91b-token_1".into())),
            content: Content::Push(Box::new(push)),
            callback: None,
            good_for: None,
        }
    }

    fn body(outgoing: &Outgoing) -> String {
        String::from_utf8(fcm().request(outgoing).unwrap().request.body().to_vec()).unwrap()
    }

    #[test]
    fn the_request_is_what_the_provider_documents_byte_for_byte() {
        let mut push = push("Your visit", "Monday \"9:30\"");
        push.link = Some("https://app.example.com/v/1".into());
        push.actions = vec![("confirm".into(), "Confirm".into())];
        let mut outgoing = outgoing(push);
        outgoing.good_for = Some(SignedDuration::from_hours(1));
        let prepared = fcm().request(&outgoing).unwrap();
        assert_eq!(
            prepared.auth,
            Auth::ServiceAccount {
                secret: "fcm/main".into(),
                scope: "https://www.googleapis.com/auth/firebase.messaging"
            }
        );
        let (head, _) = prepared.request.into_parts();
        assert_eq!(
            format!("{} {}", head.method, head.uri),
            "POST https://fcm.googleapis.com/v1/projects/bright-app/messages:send"
        );
        assert_eq!(
            body(&outgoing),
            concat!(
                r#"{"message":{"token":"fGx:APA91b-token_1","#,
                r#""notification":{"title":"Your visit","body":"Monday \"9:30\""},"#,
                r#""data":{"message":"msg_00000000000000000000000000","clinic":"cln_7zzzzzzzzzzzzzzzzzzzzzzzzz","#,
                r#""link":"https://app.example.com/v/1","#,
                r#""actions":"[{\"name\":\"confirm\",\"words\":\"Confirm\"}]"},"#,
                r#""android":{"collapse_key":"msg_00000000000000000000000000","priority":"HIGH","#,
                r#""notification":{"tag":"msg_00000000000000000000000000"},"ttl":"3600s"},"#,
                r#""apns":{"headers":{"apns-collapse-id":"msg_00000000000000000000000000"}},"#,
                r#""webpush":{"fcm_options":{"link":"https://app.example.com/v/1"}}}}"#,
            )
        );
    }

    #[rstest]
    #[case(push("", "x"), "push_empty")]
    #[case(push("x", " "), "push_empty")]
    #[case(push(&"x".repeat(101), "x"), "push_too_long")]
    #[case(push("x", &"x".repeat(501)), "push_too_long")]
    fn a_push_that_does_not_fit_is_refused_before_the_call(#[case] push: Push, #[case] code: &str) {
        let error = fcm().request(&outgoing(push)).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Content, Some(code)));
    }

    #[test]
    fn what_is_too_large_or_too_many_is_refused() {
        let mut large = push("x", "x");
        large.link = Some("https://app.example.com/".repeat(200));
        assert_eq!(fcm().request(&outgoing(large)).unwrap_err().code.as_deref(), Some("push_too_large"));
        let mut many = push("x", "x");
        many.actions = vec![("a".into(), "A".into()); 4];
        assert_eq!(fcm().request(&outgoing(many)).unwrap_err().code.as_deref(), Some("too_many_actions"));
        let mut nowhere = outgoing(push("x", "x"));
        nowhere.to = Address::Device(Masked::new("a b".into()));
        assert_eq!(fcm().request(&nowhere).unwrap_err().class, ErrorClass::Address);
        nowhere.to = Address::Phone("+12125550123".parse().unwrap());
        assert_eq!(fcm().request(&nowhere).unwrap_err().code.as_deref(), Some("wrong_channel"));
    }

    fn response(status: u16, body: &str) -> http::Response<Bytes> {
        http::Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn a_name_is_all_that_is_ever_told() {
        let accepted = read(&response(200, r#"{"name":"projects/bright-app/messages/0:1%2f"}"#)).unwrap();
        assert_eq!(accepted.provider_id, "projects/bright-app/messages/0:1%2f");
        assert_eq!(accepted.status, ReceiptStatus::Sent);
        assert!(
            fcm()
                .lookup(&Lookup {
                    to: Address::Device(Masked::new("t".into())),
                    content: Content::Push(Box::new(push("x", "x"))),
                    at: "2026-11-22T10:00:00Z".parse().unwrap(),
                })
                .is_none()
        );
    }

    #[rstest]
    #[case(404, "NOT_FOUND", Some("UNREGISTERED"), "Requested entity was not found.", ErrorClass::Address)]
    #[case(404, "NOT_FOUND", None, "Requested entity was not found.", ErrorClass::Config)]
    #[case(403, "PERMISSION_DENIED", Some("SENDER_ID_MISMATCH"), "SenderId mismatch", ErrorClass::Address)]
    #[case(403, "PERMISSION_DENIED", None, "", ErrorClass::Config)]
    #[case(
        400,
        "INVALID_ARGUMENT",
        Some("INVALID_ARGUMENT"),
        "The registration token is not a valid FCM registration token",
        ErrorClass::Address
    )]
    #[case(400, "INVALID_ARGUMENT", None, "Invalid value at 'message.data[0].value'", ErrorClass::Content)]
    #[case(429, "RESOURCE_EXHAUSTED", Some("QUOTA_EXCEEDED"), "", ErrorClass::Transient)]
    #[case(401, "UNAUTHENTICATED", Some("THIRD_PARTY_AUTH_ERROR"), "", ErrorClass::Config)]
    #[case(401, "UNAUTHENTICATED", None, "", ErrorClass::Config)]
    #[case(503, "UNAVAILABLE", Some("UNAVAILABLE"), "", ErrorClass::Ambiguous)]
    #[case(500, "INTERNAL", Some("INTERNAL"), "", ErrorClass::Ambiguous)]
    #[case(400, "SOMETHING_NEW", None, "", ErrorClass::TransientOnce)]
    fn a_refusal_is_classed_by_the_services_own_code(
        #[case] http: u16,
        #[case] status: &str,
        #[case] code: Option<&str>,
        #[case] words: &str,
        #[case] class: ErrorClass,
    ) {
        let mut body = json!({ "error": { "code": http, "message": words, "status": status, "details": [
            { "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [] },
        ] } });
        if let Some(code) = code {
            let own = json!({
                "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code,
            });
            body["error"]["details"].as_array_mut().unwrap().push(own);
        }
        assert_eq!(read(&response(http, &body.to_string())).unwrap_err().class, class);
    }

    #[test]
    fn without_a_readable_body_the_status_decides_and_pauses_are_passed_on() {
        for (status, class) in [
            (200, ErrorClass::Ambiguous),
            (302, ErrorClass::Config),
            (400, ErrorClass::TransientOnce),
            (429, ErrorClass::Transient),
            (502, ErrorClass::Ambiguous),
        ] {
            assert_eq!(read(&response(status, "<html>")).unwrap_err().class, class, "{status}");
        }
        let mut busy = response(429, "{}");
        busy.headers_mut().insert(http::header::RETRY_AFTER, "60".parse().unwrap());
        assert_eq!(read(&busy).unwrap_err().wait, Some(SignedDuration::from_mins(1)));
    }

    #[test]
    fn nothing_personal_is_printed() {
        let outgoing = outgoing(push("secret", "secret"));
        let printed = format!("{outgoing:?} {:?}", fcm().request(&outgoing).unwrap());
        assert!(!printed.contains("secret\"") && !printed.contains("APA91b"), "{printed}");
    }
}
