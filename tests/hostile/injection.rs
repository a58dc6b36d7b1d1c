//! Text of others that would be read as something else where it ends up: as a header, a template, a page, a formula,
//! an address to call.

use std::sync::{Arc, Mutex};

use automations::rules::{Channels, Timing, Unit};
use axum::body::Body;
use bytes::Bytes;
use edge::Callers;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use kernel::{Channel, ClinicId, Id as _, Lane, Masked, MessageId};
use people::mirror::Kind;
use platform::{Auth, Http, HttpFault, Platform};
use providers::{Address, Attachment, Carrier, Content, Mail, Outgoing, Ses};
use serde_json::{Value, json};
use testkit::{House, PUBLIC, hours};
use tower::ServiceExt as _;

use crate::dice::{Dice, NASTY, tries};

/// Places of a mail that become headers on the wire.
fn headers_of(request: &Value) -> Vec<(String, String)> {
    fn strings(at: String, value: &Value, out: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => out.push((at, text.clone())),
            Value::Array(values) => {
                values.iter().enumerate().for_each(|(n, value)| strings(format!("{at}/{n}"), value, out));
            }
            Value::Object(map) => {
                map.iter().for_each(|(name, value)| strings(format!("{at}/{name}"), value, out));
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    strings(String::new(), request, &mut out);
    out.retain(|(at, _)| !at.contains("/Body/") && !at.contains("RawContent"));
    out
}

/// A-16
#[test]
fn no_text_breaks_out_of_a_header_of_a_mail() {
    let ses = Ses { base_url: "https://ses.example.com".into(), configuration_set: "tests".into() };
    let mut dice = Dice::new(30);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..tries(5_000) {
        let mut hostile = |seed: &str| {
            let words = [
                "\r\n",
                "\n",
                "\r",
                "\r\nBcc: x@evil.example",
                "\0",
                "\u{85}",
                "\u{2028}",
                "=?utf-8?q?x?=",
                "\"",
                "<",
                ">",
                ",",
            ];
            let words: &[&str] = if dice.below(2) == 0 { &words } else { &NASTY };
            if dice.below(3) == 0 { seed.to_owned() } else { dice.break_text(seed, words) }
        };
        let mail = Mail {
            from: "front@bright.example.com".parse().unwrap(),
            from_name: hostile("Bright Smiles"),
            reply_to: None,
            subject: Masked::new(hostile("Your visit")),
            text: Masked::new("See you.".to_owned()),
            html: None,
            headers: vec![(hostile("List-Unsubscribe"), hostile("<https://u.example.com/t>"))],
            attachments: vec![Attachment {
                name: Masked::new(hostile("invoice.pdf")),
                content_type: hostile("application/pdf"),
                bytes: Masked::new(Bytes::from_static(b"%PDF")),
            }],
            tracked: false,
        };
        let outgoing = Outgoing {
            message: MessageId::FIRST,
            clinic: ClinicId::FIRST,
            attempt: 1,
            to: Address::Email("ana@example.com".parse().unwrap()),
            content: Content::Mail(Box::new(mail)),
            callback: None,
            good_for: None,
        };
        let Ok(prepared) = ses.request(&outgoing) else {
            refused += 1;
            continue;
        };
        taken += 1;
        let request: Value = serde_json::from_slice(prepared.request.body()).unwrap();
        for (at, value) in headers_of(&request) {
            assert!(!value.contains(['\r', '\n', '\0']), "{at}: {value:?}");
        }
    }
    assert!(taken > tries(100) && refused > tries(100), "{taken} taken, {refused} refused");
}

/// C-25
#[tokio::test]
async fn a_name_that_is_a_template_or_a_page_stays_a_name() {
    let house = House::new(840).await;
    let name = "{{clinic.phone}} <img src=x onerror=alert(1)> ${7*7}";
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    house.mirror_says(Kind::Person, &ana.key, &json!({ "given_name": name })).await;
    let mut rule = house.rule("by mail", Timing::Before { amount: 24, unit: Unit::Hours, at: None });
    rule.channels = Channels::EachOf(vec![Channel::Sms, Channel::Email]);
    house.has_rule(&rule).await;
    ana.books("2026-06-10T14:00").await;
    house.time_passes(hours(28)).await;
    let sent = house.outbox();
    assert_eq!(sent.len(), 2);
    for one in &sent {
        let said = format!("{} {}", one.subject.clone().unwrap_or_default(), one.text);
        assert!(said.contains("{{clinic.phone}}"), "{said}");
    }
    // In a text it is as it was written, as far as there is room.
    let text = &sent.iter().find(|one| one.channel == Channel::Sms).unwrap().text;
    assert!(text.contains("{{clinic.phone}}"), "{text}");
}

#[tokio::test]
async fn names_with_line_ends_do_not_become_senders() {
    let house = House::new(841).await;
    house.may_leave_work();
    let clinic = house.table.clinic().to_string();
    let believe = move |role: &str| {
        Some(access::Claims {
            sub: kernel::CallerId::derived(&[role]).to_string(),
            role: role.to_owned(),
            clinics: String::new(),
            clinic: clinic.clone(),
        })
    };
    let api = api::open(&house.platform, Callers::Tokens(Arc::new(believe))).unwrap();
    let ask = async |method: &str, path: &str, version: &str, body: &Value| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer clinic_admin")
            .header("content-type", "application/json")
            .header("if-match", version)
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = api.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Value>(&bytes).unwrap_or_default())
    };
    let (_, mut now) = ask("GET", "/v1/clinic", "", &Value::Null).await;
    let version = now["version"].to_string();
    let settings = now.as_object_mut().unwrap();
    settings.remove("id");
    settings.remove("version");
    for (place, value) in [
        ("/mail/name", "Bright\r\nBcc: x@evil.example"),
        ("/mail/name", "Bright\nSmiles"),
        ("/mail/name", "Bright\u{0}"),
        ("/mail/address", "hello@x.example\r\nBcc: x@evil.example"),
        ("/brand", "Bright\r\nSmiles"),
        ("/name", "Bright\u{2028}Smiles\r\n"),
    ] {
        let mut wanted = now.clone();
        *wanted.pointer_mut(place).unwrap() = json!(value);
        let (status, answer) = ask("PUT", "/v1/clinic", &version, &wanted).await;
        assert_eq!(status, 422, "{place} {value:?}: {answer}");
    }
    let (_, after) = ask("GET", "/v1/clinic", "", &Value::Null).await;
    assert_eq!(after["version"].to_string(), version);
}

/// A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`. Nothing is given out as a spreadsheet today; the
/// first answer that is has to quote such cells, and to be tried here.
#[tokio::test]
async fn no_answer_of_the_api_is_opened_by_a_spreadsheet() {
    let house = House::new(842).await;
    house.may_leave_work();
    let nobody: edge::Verify = Arc::new(|_: &str| None);
    let api = api::open(&house.platform, Callers::Tokens(nobody)).unwrap();
    let request = Request::get("/v1/openapi.json").body(Body::empty()).unwrap();
    let bytes = api.oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let mut types = std::collections::BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            for response in operation["responses"].as_object().unwrap().values() {
                let content = response["content"].as_object();
                types.extend(content.into_iter().flatten().map(|(name, _)| name.clone()));
            }
        }
    }
    types.remove("application/json");
    types.remove("application/problem+json");
    types.remove("text/plain");
    assert!(types.is_empty(), "{types:?}: quote cells that begin a formula, and try them here");
}

/// Notes every address that is called.
struct Noting {
    http: Arc<dyn Http>,
    called: Mutex<Vec<String>>,
}

impl Http for Noting {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        auth: &'a Auth,
    ) -> BoxFuture<'a, Result<Response<Bytes>, HttpFault>> {
        self.called.lock().unwrap().push(request.uri().to_string());
        self.http.send(request, auth)
    }
}

#[tokio::test]
async fn no_address_that_others_name_is_ever_called() {
    let house = House::new(843).await;
    house.may_leave_work();
    let noting = Arc::new(Noting { http: house.platform.http.clone(), called: Mutex::default() });
    let platform = Platform { http: noting.clone(), ..house.platform.clone() };
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    let inside = [
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "http://localhost:4566/",
        "file:///proc/self/environ",
        "gopher://127.0.0.1:25/_HELO",
        "https://api.twilio.com.evil.example/2010-04-01/Media/ME1",
        "https://twilio.example.com@evil.example/",
        "//evil.example/x",
    ];
    let webhooks = webhooks::open(&platform).unwrap();
    let mut sids = Vec::new();
    for (n, url) in inside.iter().enumerate() {
        let sid = format!("SMmedia{n}");
        let fields = [
            ("MessageSid", sid.as_str()),
            ("SmsStatus", "received"),
            ("From", "+12125550123"),
            ("To", testkit::OUR_NUMBER),
            ("Body", *url),
            ("NumMedia", "1"),
            ("MediaUrl0", *url),
            ("MediaContentType0", "image/png"),
            ("ApiVersion", *url),
        ];
        let call = House::call_of_twilio(&format!("{PUBLIC}/hooks/twilio/inbound"), &fields);
        let (status, _) = House::through(&webhooks, call).await;
        assert_eq!(status, 200, "{url}");
        // A receipt that names other places to look.
        let status = format!(
            "{PUBLIC}/hooks/twilio/status?clinic={}&message={url}&callback={url}",
            house.table.clinic()
        );
        let call = House::call_of_twilio(
            &status,
            &[("MessageSid", sid.as_str()), ("MessageStatus", "sent"), ("MessageUrl", url)],
        );
        House::through(&webhooks, call).await;
        sids.push(sid);
    }
    // A notice that wants to be confirmed by calling its address, as a topic sends it.
    let subscribe = json!({ "Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:us-east-1:000000000000:mail-events",
        "SubscribeURL": inside[0], "UnsubscribeURL": inside[0], "SigningCertURL": inside[0], "Message": "{}", "Token": "x" });
    let job = kernel::RawJob { r#type: edge::OUTSIDE.to_owned(), lane: Lane::Inbound, data: subscribe };
    platform::Queue::push(&house.queue, &[job]).await.unwrap();
    let (inbound, sender) = (inbound::Work::on(&platform), sender::Work::on(&platform));
    ana.is_written("Come in, please.").await;
    for _ in 0..20 {
        for lane in [Lane::Inbound, Lane::Outbound] {
            let taken = house.queue.take(lane, 10);
            let jobs = taken.iter().map(|delivery| delivery.job.clone()).collect();
            let worked = if lane == Lane::Inbound { inbound.run(jobs).await } else { sender.run(jobs).await };
            house.queue.settle(taken.into_iter().zip(worked).collect());
        }
    }
    let called = noting.called.lock().unwrap().clone();
    assert!(!called.is_empty(), "the text of staff went out");
    for url in &called {
        let ours =
            url.starts_with("https://twilio.example.com/") || url.starts_with("https://ses.example.com/");
        assert!(ours, "{url} was called");
    }
    let thread = ana.thread().await;
    assert!(thread.len() > inside.len(), "the texts came in: {}", thread.len());
}
