//! Calls from the providers to us, as they make them.

use axum::{Router, body::Body};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kernel::{Channel, Lane, RawJob};
use platform::Queue as _;
use serde_json::{Value, json};
use sha1::Sha1;
use tower::ServiceExt as _;
use url::form_urlencoded;

use crate::{
    House, OUR_NUMBER, Sent,
    house::{PUBLIC, TOKEN, TOPIC},
};

fn sign(url: &str, fields: &[(&str, &str)]) -> String {
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

impl House {
    /// Brings a request from outside to the webhooks; gives back status and body.
    pub async fn outside(&self, request: Request<Body>) -> (StatusCode, String) {
        Self::through(&webhooks::open(&self.platform).unwrap(), request).await
    }

    /// Brings a request from outside through a door that is open.
    pub async fn through(webhooks: &Router, request: Request<Body>) -> (StatusCode, String) {
        let response = webhooks.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// A signed call of Twilio to one of our addresses.
    pub async fn twilio_calls(&self, url: &str, fields: &[(&str, &str)]) -> StatusCode {
        self.outside(Self::call_of_twilio(url, fields)).await.0
    }

    /// A signed call as Twilio makes it.
    pub fn call_of_twilio(url: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let path = url.strip_prefix(PUBLIC).expect("an address of ours");
        Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, "comms.example.com")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-twilio-signature", sign(url, fields))
            .body(Body::from(body))
            .unwrap()
    }

    /// The call with which Twilio says how a text fares; `code` is that of the error, if any.
    pub fn receipt_of_twilio(sent: &Sent, status: &str, code: Option<&str>) -> Request<Body> {
        let mut fields =
            vec![("MessageSid", sent.provider_id.as_str()), ("MessageStatus", status), ("To", &sent.to)];
        fields.extend(code.map(|code| ("ErrorCode", code)));
        Self::call_of_twilio(&sent.callback, &fields)
    }

    /// The call with which Twilio tells that somebody has written to the clinic; `id` names the text there.
    pub fn text_of_twilio(from: &str, says: &str, id: &str) -> Request<Body> {
        let fields = [
            ("MessageSid", id),
            ("SmsStatus", "received"),
            ("From", from),
            ("To", OUR_NUMBER),
            ("Body", says),
            ("NumMedia", "0"),
        ];
        Self::call_of_twilio(&format!("{PUBLIC}/hooks/twilio/inbound"), &fields)
    }

    /// Twilio says how a text fares, and nothing that follows is done yet; `code` is that of the error, if any.
    pub async fn twilio_says(&self, sent: &Sent, status: &str, code: Option<&str>) {
        let (answered, _) = self.outside(Self::receipt_of_twilio(sent, status, code)).await;
        assert_eq!(answered, StatusCode::OK);
    }

    /// SES says what became of a mail, and nothing that follows is done yet. `kind` is the name of the event,
    /// such as `Bounce`, and `says` what stands under its own name.
    pub async fn ses_says(&self, sent: &Sent, kind: &str, says: Value) {
        let mut event = json!({
            "eventType": kind,
            "mail": {
                "messageId": sent.provider_id,
                "timestamp": sent.at,
                "destination": [sent.to],
                "tags": {
                    "clinic": [sent.clinic.to_string()],
                    "message": [sent.message.to_string()],
                    "attempt": [sent.attempt.to_string()],
                },
            },
        });
        event[kind.to_lowercase()] = says;
        let notice = json!({ "Type": "Notification", "TopicArn": TOPIC, "Message": event.to_string() });
        let job = RawJob { r#type: "outside.1".to_owned(), lane: Lane::Inbound, data: notice };
        self.queue.push(&[job]).await.unwrap();
    }

    /// The provider says how a message fares, and all that follows from it is done: a word of Twilio's, or
    /// `delivered` and `bounced` for a mail.
    pub async fn provider_says(&self, sent: &Sent, status: &str) {
        if sent.channel == Channel::Email {
            let now = self.clock.now();
            let (kind, says) = match status {
                "delivered" => ("Delivery", json!({ "timestamp": now, "recipients": [sent.to] })),
                "bounced" => (
                    "Bounce",
                    json!({
                        "bounceType": "Permanent", "bounceSubType": "General", "timestamp": now,
                        "bouncedRecipients": [{ "emailAddress": sent.to, "status": "5.1.1" }],
                    }),
                ),
                other => panic!("SES is not taught to say {other}"),
            };
            self.ses_says(sent, kind, says).await;
        } else {
            self.twilio_says(sent, status, None).await;
        }
        self.settles().await;
    }

    /// Somebody writes a text to the clinic, and nothing that follows is done yet. `id` names the text at the
    /// provider.
    pub async fn text_comes(&self, from: &str, says: &str, id: &str) {
        let (answered, _) = self.outside(Self::text_of_twilio(from, says, id)).await;
        assert_eq!(answered, StatusCode::OK);
    }
}
