//! Plays every recorded call of `events/` and compares what it tells with what stands beside it.
//!
//! A file holds what it is (`says`), the call as it came (`call`: an HTTP call, or what a queue delivered) and
//! the `events` it has to give, exactly.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail as it does")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use kernel::{Fault, Kind, Masked, Timestamp};
use providers::{
    Event, Hook, Provider, RawCall, SendgridHook, SesHook, TwilioHook, TwilioVoiceHook, Unverified,
    VonageHook, WhatsappHook,
};
use serde::Deserialize;
use serde_json::Value;

/// The key under which the recorded calls of Twilio are signed.
const TOKEN: &str = "test_auth_token";
/// The topic from which the recorded notices come.
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:mail-events";
/// The public half of the key under which the recorded calls of SendGrid are signed. Its secret number is the
/// SHA-256 of `recorded calls of SendGrid`.
const SENDGRID: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE12D9OnXYun0uuupFE0hGCKqtxGRT/XjG4E+NUHlsMO91ppLpBMKPV8gzFSrGeWFXp2dRPkO78wqrpWBV6SfhCQ==";
/// Another key, which signed none of them.
const ANOTHER: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA==";
/// The secrets under which the recorded calls of Meta and of Vonage are signed.
const APP_SECRET: &str = "test_app_secret";
const SIGNATURE_SECRET: &str = "test_signature_secret";
const APPLICATION: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";
/// When the recorded calls came.
const NOW: &str = "2026-11-22T15:00:10Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    says: String,
    call: Call,
    events: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Call {
    Http { method: String, url: String, headers: BTreeMap<String, String>, body: String },
    Queued { queued: Value },
}

/// The hook that believes the recorded calls; `None` for who calls nobody.
fn hook(provider: Provider) -> Option<Box<dyn Hook>> {
    hook_of(provider, [TOKEN, SENDGRID, APP_SECRET, SIGNATURE_SECRET, TOPIC])
}

/// The same with keys that are not theirs.
fn strange_hook(provider: Provider) -> Option<Box<dyn Hook>> {
    hook_of(
        provider,
        ["another", ANOTHER, "another", "another", "arn:aws:sns:us-east-1:123456789012:another"],
    )
}

fn hook_of(provider: Provider, keys: [&str; 5]) -> Option<Box<dyn Hook>> {
    let [token, sendgrid, app_secret, signature_secret, topic] = keys;
    let masked = |text: &str| Masked::new(text.to_owned());
    let now: Timestamp = NOW.parse().unwrap();
    Some(match provider {
        Provider::Twilio => Box::new(TwilioHook::new([masked(token)])),
        Provider::TwilioVoice => Box::new(TwilioVoiceHook::new([masked(token)])),
        Provider::Ses => Box::new(SesHook::new(topic)),
        Provider::Sendgrid => Box::new(SendgridHook::new([sendgrid], now)),
        Provider::WhatsappCloud => {
            let base = "https://graph.facebook.com/v23.0";
            Box::new(WhatsappHook::new([masked(app_secret)], masked("verify"), base))
        }
        Provider::Vonage => Box::new(VonageHook::new([masked(signature_secret)], APPLICATION, now)),
        Provider::Fcm => return None,
    })
}

/// Whoever calls us, with their hook.
fn callers() -> Vec<(Provider, Box<dyn Hook>)> {
    Provider::ALL.into_iter().filter_map(|provider| Some((provider, hook(provider)?))).collect()
}

/// The header that has to be there for a call to be believed.
fn signature(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Twilio | Provider::TwilioVoice => Some("x-twilio-signature"),
        Provider::Sendgrid => Some("x-twilio-email-event-webhook-signature"),
        Provider::WhatsappCloud => Some("x-hub-signature-256"),
        Provider::Vonage => Some("authorization"),
        Provider::Ses | Provider::Fcm => None,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn recorded(provider: Provider) -> Vec<(String, Recorded)> {
    listed(&root().join(provider.name().to_lowercase()))
        .into_iter()
        .map(|path| {
            let name = path.display().to_string();
            let recorded = serde_json::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|why| panic!("{name}: {why}"));
            (name, recorded)
        })
        .collect()
}

fn raw(call: &Call) -> RawCall {
    match call {
        Call::Http { method, url, headers, body } => {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| {
                    (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
                })
                .collect();
            let method = method.parse::<Method>().unwrap();
            RawCall { method, url: url.clone(), headers, body: Bytes::from(body.clone()) }
        }
        Call::Queued { queued } => RawCall::queued(queued.to_string()),
    }
}

fn play(hook: &dyn Hook, recorded: &Recorded) -> Vec<Event> {
    hook.events(&hook.verify(&raw(&recorded.call)).unwrap()).unwrap()
}

/// Z-13
#[test]
fn every_recorded_call_is_believed_and_tells_exactly_what_stands_beside_it() {
    for (provider, hook) in callers() {
        assert_eq!(hook.provider(), provider);
        for (name, recorded) in recorded(provider) {
            let told = play(&*hook, &recorded);
            let json: Vec<_> = told.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
            assert_eq!(json, recorded.events, "{name}");
            assert!(recorded.says.ends_with('.'), "{name} says what it is");
            // Events are stored and queued before they are worked on: nothing gets lost on the way.
            for (event, json) in told.iter().zip(json) {
                assert_eq!(&serde_json::from_value::<Event>(json).unwrap(), event, "{name}");
            }
        }
    }
}

/// Takes a call that is right, and spoils it.
fn refused(hook: &dyn Hook, call: &Call, spoil: impl Fn(&mut RawCall)) -> Unverified {
    let mut call = raw(call);
    spoil(&mut call);
    let refused = hook.verify(&call).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), Kind::Unauthenticated);
    refused
}

/// R-01
#[test]
fn a_status_callback_gives_its_id_status_and_error_and_a_forged_one_is_refused_with_401() {
    for (provider, hook) in callers() {
        let Some(header) = signature(provider) else { continue };
        let strange = strange_hook(provider).unwrap();
        for (name, recorded) in recorded(provider) {
            let call = &recorded.call;
            let unsigned = refused(&*hook, call, |call| {
                call.headers.remove(header);
            });
            assert_eq!(unsigned, Unverified::Unsigned, "{name}");
            let twice = refused(&*hook, call, |call| {
                let value = call.headers[header].clone();
                call.headers.append(header, value);
            });
            assert_eq!(twice, Unverified::SignedTwice, "{name}");
            let added = refused(&*hook, call, |call| call.body = [&call.body[..], b"&X=1"].concat().into());
            assert!(matches!(added, Unverified::Forged | Unverified::BodyChanged), "{name}");
            let emptied = refused(&*hook, call, |call| call.body = Bytes::new());
            assert!(matches!(emptied, Unverified::Forged | Unverified::BodyChanged), "{name}");
            assert_eq!(refused(&*strange, call, |_| {}), Unverified::Forged, "{name}");
        }
    }
}

#[test]
fn a_call_of_twilio_is_signed_with_its_address() {
    for provider in [Provider::Twilio, Provider::TwilioVoice] {
        let hook = hook(provider).unwrap();
        for (name, recorded) in recorded(provider) {
            let moved = refused(&*hook, &recorded.call, |call| {
                call.url = call.url.replace("example.com", "example.org");
            });
            assert_eq!(moved, Unverified::Forged, "{name}");
        }
    }
}

#[test]
fn a_call_that_names_its_time_is_not_believed_four_days_later() {
    let later: Timestamp = "2026-11-26T15:00:10Z".parse().unwrap();
    let sendgrid = SendgridHook::new([SENDGRID], later);
    let vonage = VonageHook::new([Masked::new(SIGNATURE_SECRET.to_owned())], APPLICATION, later);
    let hooks: [(Provider, &dyn Hook); 2] = [(Provider::Sendgrid, &sendgrid), (Provider::Vonage, &vonage)];
    for (provider, hook) in hooks {
        for (name, recorded) in recorded(provider) {
            assert_eq!(refused(hook, &recorded.call, |_| {}), Unverified::Stale, "{name}");
        }
    }
}

#[test]
fn what_one_hook_believed_no_other_reads() {
    for (provider, hook) in callers() {
        let (name, recorded) = recorded(provider).swap_remove(0);
        let verified = hook.verify(&raw(&recorded.call)).unwrap();
        for (other, foreign) in callers().into_iter().filter(|(other, _)| *other != provider) {
            assert!(foreign.events(&verified).is_err(), "{other:?} read {name}");
        }
    }
}

#[test]
fn a_notice_of_another_topic_is_refused() {
    let other = strange_hook(Provider::Ses).unwrap();
    for (name, recorded) in recorded(Provider::Ses) {
        assert_eq!(refused(&*other, &recorded.call, |_| {}), Unverified::WrongTopic, "{name}");
    }
}

#[test]
fn the_key_of_a_fact_is_the_same_whenever_it_is_told_and_its_own() {
    let mut keys = BTreeSet::new();
    let mut facts = BTreeSet::new();
    for (provider, hook) in callers() {
        for (_, recorded) in recorded(provider) {
            let (once, twice) = (play(&*hook, &recorded), play(&*hook, &recorded));
            assert_eq!(once, twice);
            for event in once {
                keys.insert(event.key());
                facts.insert(fact(event));
            }
        }
    }
    assert_eq!(keys.len(), facts.len());
    assert!(keys.iter().all(|key| key.len() == 32));
}

/// What makes a fact the one it is.
fn fact(event: Event) -> String {
    match event {
        Event::Receipt(receipt) => format!(
            "{:?} {} {} {:?} {:?} {:?}",
            receipt.provider,
            receipt.provider_id,
            receipt.status.name(),
            receipt.error.map(|error| error.code),
            receipt.at,
            receipt.address.map(|address| serde_json::to_string(&address).unwrap()),
        ),
        Event::Inbound(inbound) => format!("{:?} {} in", inbound.provider, inbound.provider_id),
        Event::MailStored(mail) => format!("{:?} {} mail", mail.provider, mail.provider_id),
        Event::Mail(mail) => format!("{:?} {} mail", mail.provider, mail.provider_id),
        Event::Pressed(pressed) => format!("{} {}", pressed.provider_id, pressed.digits),
        Event::Rang(rang) => format!("{} rang", rang.provider_id),
        Event::Unread(unread) => format!("{:?} {} {}", unread.provider, unread.field, unread.digest),
    }
}

#[test]
fn no_file_of_events_is_left_unplayed() {
    let folders: Vec<_> = callers().iter().map(|(provider, _)| provider.name().to_lowercase()).collect();
    for folder in listed(&root()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert!(folder.is_dir() && folders.contains(&name), "events/{name} belongs to no provider");
        for file in listed(&folder) {
            let plays = file.is_file() && file.extension().is_some_and(|ending| ending == "json");
            assert!(plays, "{} is not played: recorded calls are .json files", file.display());
        }
    }
}

/// Z-13
#[test]
fn every_kind_of_event_has_a_recorded_call() {
    let text = |recorded: &Recorded| match &recorded.call {
        Call::Http { body, .. } => body.clone(),
        Call::Queued { queued } => queued["Message"].as_str().unwrap().to_owned(),
    };
    let missing = |provider: Provider, marks: Vec<String>| {
        let all: Vec<_> = recorded(provider).iter().map(|(_, recorded)| text(recorded)).collect();
        marks.into_iter().filter(|mark| !all.iter().any(|text| text.contains(mark))).collect::<Vec<_>>()
    };
    let statuses = [
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "canceled",
        "read",
    ];
    let mut marks: Vec<_> = statuses.iter().map(|status| format!("&MessageStatus={status}&")).collect();
    marks.extend(["STOP", "START", "HELP"].map(|word| format!("OptOutType={word}&")));
    marks.extend(["SmsStatus=received".into(), "MediaUrl1=".into()]);
    assert_eq!(missing(Provider::Twilio, marks), Vec::<String>::new());

    let kinds = [
        "Send",
        "Delivery",
        "Bounce",
        "Complaint",
        "Reject",
        "Open",
        "Click",
        "Rendering Failure",
        "DeliveryDelay",
        "Subscription",
    ];
    let mut marks: Vec<_> = kinds.iter().map(|kind| format!(r#"{{"eventType":"{kind}""#)).collect();
    marks.push(r#"{"notificationType":""#.into());
    marks.extend(["Permanent", "Transient", "Undetermined"].map(|kind| format!(r#""bounceType":"{kind}""#)));
    marks.push(r#"{"notificationType":"Received""#.into());
    marks.extend(["S3", "SNS"].map(|place| format!(r#""action":{{"type":"{place}""#)));
    assert_eq!(missing(Provider::Ses, marks), Vec::<String>::new());

    let statuses = [
        "queued",
        "initiated",
        "ringing",
        "in-progress",
        "completed",
        "busy",
        "no-answer",
        "failed",
        "canceled",
    ];
    let mut marks: Vec<_> = statuses.iter().map(|status| format!("&CallStatus={status}&")).collect();
    let who = [
        "human",
        "machine_start",
        "machine_end_beep",
        "machine_end_silence",
        "machine_end_other",
        "fax",
        "unknown",
    ];
    marks.extend(who.map(|who| format!("AnsweredBy={who}")));
    marks.extend(["1", "2", "9"].map(|key| format!("&Digits={key}&")));
    marks.push("Direction=inbound".into());
    assert_eq!(missing(Provider::TwilioVoice, marks), Vec::<String>::new());

    let events = [
        "processed",
        "dropped",
        "delivered",
        "deferred",
        "bounce",
        "open",
        "click",
        "spamreport",
        "unsubscribe",
        "group_unsubscribe",
        "group_resubscribe",
    ];
    let mut marks: Vec<_> = events.iter().map(|event| format!(r#""event":"{event}""#)).collect();
    marks.extend([r#""type":"blocked""#, r#"name="headers""#, r#"name="email""#].map(str::to_owned));
    assert_eq!(missing(Provider::Sendgrid, marks), Vec::<String>::new());

    let mut marks: Vec<_> =
        ["sent", "delivered", "read", "failed"].map(|status| format!(r#""status":"{status}""#)).into();
    let kinds = ["text", "button", "button_reply", "list_reply", "reaction", "image"];
    marks.extend(kinds.map(|kind| format!(r#""type":"{kind}""#)));
    marks.extend([131_026, 131_047, 130_472, 131_049].map(|code| format!(r#""code":{code}"#)));
    assert_eq!(missing(Provider::WhatsappCloud, marks), Vec::<String>::new());

    let statuses = ["submitted", "delivered", "rejected", "undeliverable", "read"];
    let mut marks: Vec<_> = statuses.iter().map(|status| format!(r#""status":"{status}""#)).collect();
    marks.extend(["text", "image"].map(|kind| format!(r#""message_type":"{kind}""#)));
    assert_eq!(missing(Provider::Vonage, marks), Vec::<String>::new());
}
