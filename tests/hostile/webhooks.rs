//! Calls of providers: none is believed that was changed on the way, and one that comes again does nothing again.

use automations::links;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::BodyExt as _;
use kernel::{AppointmentId, ClinicId, Id as _, Masked};
use messaging::{Direction, Status};
use providers::{Hook, RawCall, SesHook, TwilioHook};
use testkit::{House, PUBLIC, minutes};
use url::form_urlencoded;

use crate::dice::{Dice, NASTY, tries};

const SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");

struct Call {
    url: String,
    body: Vec<u8>,
    signature: String,
}

impl Call {
    async fn of(request: Request<Body>) -> Self {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let signature = parts.headers[&SIGNATURE].to_str().unwrap().to_owned();
        Self { url: format!("{PUBLIC}{}", parts.uri), body, signature }
    }

    fn raw(&self) -> RawCall {
        let mut headers = http::HeaderMap::new();
        if let Ok(signature) = HeaderValue::from_str(&self.signature) {
            headers.insert(SIGNATURE, signature);
        }
        RawCall {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body: Bytes::copy_from_slice(&self.body),
        }
    }

    /// What is signed, in the form in which escapes, order and repetition of fields make no difference.
    fn says(&self) -> (String, Vec<(String, String)>, Vec<u8>) {
        let url = url::Url::parse(&self.url).map_or_else(
            |_| self.url.clone(),
            |mut url| {
                // What stands behind # is never sent.
                url.set_fragment(None);
                url.to_string()
            },
        );
        let mut fields: Vec<_> =
            form_urlencoded::parse(&self.body).map(|(name, value)| (name.into(), value.into())).collect();
        fields.sort();
        fields.dedup();
        let signature = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &self.signature);
        (url, fields, signature.unwrap_or_else(|_| self.signature.clone().into_bytes()))
    }

    fn broken(&self, dice: &mut Dice) -> Self {
        let (mut url, mut body, mut signature) =
            (self.url.clone(), self.body.clone(), self.signature.clone());
        match dice.below(4) {
            0 => {
                url =
                    dice.break_text(&url, &["?", "&a=1", ":443", "/..", "@", "#x", "%2e", "//evil.example"]);
            }
            1 => signature = dice.break_text(&signature, &["=", "AAAA", ",", "sha1="]),
            _ => {
                let forms = ["&", "=", "&Body=STOP", "&From=%2B12125550199", "&OptOutType=STOP", "+", "%00"];
                let words: &[&str] = if dice.below(2) == 0 { &forms } else { &NASTY };
                body = dice.break_bytes(&body, words);
            }
        }
        Self { url, body, signature }
    }
}

/// Whether only the end of a name was moved. The scheme itself cannot tell that: it signs names and values run
/// together.
fn only_cut_elsewhere(one: &Call, other: &Call) -> bool {
    let run_together = |call: &Call| {
        let (url, fields, signature) = call.says();
        let all: String = fields.into_iter().map(|(name, value)| name + &value).collect();
        (url, all, signature)
    };
    run_together(one) == run_together(other)
}

#[tokio::test]
async fn no_changed_call_of_twilio_is_believed() {
    let house = House::new(800).await;
    house.may_leave_work();
    let token = house.platform.secrets.get("twilio-hook").await.unwrap().reveal().to_owned();
    let hook = TwilioHook::new([Masked::new(token)]);
    let status =
        format!("{PUBLIC}/hooks/twilio/status?clinic={}&message=msg_1&attempt=1", house.table.clinic());
    let fields = [
        ("MessageSid", "SM1"),
        ("MessageStatus", "undelivered"),
        ("ErrorCode", "30003"),
        ("To", "+12125550123"),
    ];
    let originals = [
        Call::of(House::call_of_twilio(&status, &fields)).await,
        Call::of(House::text_of_twilio("+12125550123", "Sí, confirmo 👍 & gracias = bien", "SM2")).await,
    ];
    let (mut dice, mut changed) = (Dice::new(6), 0);
    for original in &originals {
        assert!(hook.verify(&original.raw()).is_ok());
    }
    for _ in 0..tries(100_000) {
        let original = dice.one(&originals);
        let broken = original.broken(&mut dice);
        if broken.says() == original.says() || only_cut_elsewhere(&broken, original) {
            continue;
        }
        changed += 1;
        assert!(
            hook.verify(&broken.raw()).is_err(),
            "{} {} {}",
            broken.url,
            String::from_utf8_lossy(&broken.body),
            broken.signature
        );
    }
    assert!(changed > tries(80_000), "{changed} of the tries changed anything");
}

#[test]
fn no_notice_of_another_topic_is_believed() {
    let topic = "arn:aws:sns:us-east-1:000000000000:mail-events";
    let hook = SesHook::new(topic);
    let envelope = |kind: &str, topic: &str| {
        serde_json::json!({ "Type": kind, "TopicArn": topic, "Message": r#"{"eventType":"Bounce"}"# })
            .to_string()
    };
    assert!(hook.verify(&RawCall::queued(envelope("Notification", topic))).is_ok());
    let mut dice = Dice::new(7);
    for _ in 0..tries(20_000) {
        let (kind, arn) = match dice.below(3) {
            0 => (dice.break_text("Notification", &NASTY), topic.to_owned()),
            1 => ("Notification".to_owned(), dice.break_text(topic, &NASTY)),
            _ => (dice.break_text("Notification", &NASTY), dice.break_text(topic, &NASTY)),
        };
        let same = kind == "Notification" && arn == topic;
        assert_eq!(hook.verify(&RawCall::queued(envelope(&kind, &arn))).is_ok(), same, "{kind} {arn}");
    }
}

#[test]
fn no_changed_link_is_believed() {
    let secrets: [&[u8]; 2] = [b"the secret in use", b"the one before"];
    let link = links::Link {
        clinic: ClinicId::derived(&["a"]),
        appointment: AppointmentId::derived(&["b"]),
        generation: 3,
        purpose: links::Purpose::Confirm,
    };
    let text = links::make(secrets[0], &link);
    assert_eq!(links::read(&secrets, &text), Ok(link));
    assert!(links::read(&[b"another secret"], &text).is_err());
    let mut dice = Dice::new(8);
    for _ in 0..tries(100_000) {
        let broken = dice.break_text(&text, &["=", "A", "-", "_", "%3D", "\0"]);
        assert_eq!(links::read(&secrets, &broken).is_ok(), broken == text, "{broken}");
    }
}

/// R-03
#[tokio::test]
async fn a_call_that_comes_a_hundred_times_has_one_effect() {
    let house = House::new(801).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let message = ana.is_written("Your retainer is ready.").await;
    house.settles().await;
    let sent = house.sent(message).unwrap();
    for round in 0..100 {
        house.twilio_says(&sent, "delivered", None).await;
        house.text_comes(&ana.text, "Where do I park?", "SMagain").await;
        if round % 10 == 0 {
            house.settles().await;
            house.time_passes(minutes(1)).await;
        }
    }
    house.settles().await;
    let kept = house.message(message).await;
    assert_eq!((kept.status, kept.attempts.len()), (Status::Delivered, 1));
    let thread = ana.thread().await;
    assert_eq!(thread.iter().filter(|message| message.direction == Direction::In).count(), 1);
    assert_eq!(house.conversations().await[0].unread, 1);
    assert!(house.not_sent().await.is_empty());
    let figures = house.figures("2026-06", &[&ana]).await;
    assert_eq!(figures.values().sum::<i64>(), i64::try_from(thread.len()).unwrap() - 1, "{figures:?}");
}
