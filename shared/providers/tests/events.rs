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
use kernel::{Fault, Kind, Masked};
use providers::{Event, Hook, Provider, RawCall, SesHook, TwilioHook, Unverified};
use serde::Deserialize;
use serde_json::Value;

/// The key under which the recorded calls of Twilio are signed.
const TOKEN: &str = "test_auth_token";
/// The topic from which the recorded notices come.
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:mail-events";

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

fn hook(provider: Provider) -> Box<dyn Hook> {
    match provider {
        Provider::Twilio => Box::new(TwilioHook::new([Masked::new(TOKEN.to_owned())])),
        Provider::Ses => Box::new(SesHook::new(TOPIC)),
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
    for provider in Provider::ALL {
        let hook = hook(provider);
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

/// R-01
#[test]
fn a_status_callback_gives_its_id_status_and_error_and_a_forged_one_is_refused_with_401() {
    let hook = hook(Provider::Twilio);
    for (name, recorded) in recorded(Provider::Twilio) {
        let forged = |change: &dyn Fn(&mut RawCall)| {
            let mut call = raw(&recorded.call);
            change(&mut call);
            let refused = hook.verify(&call).map(|_| ()).unwrap_err();
            assert_eq!(refused.kind(), Kind::Unauthenticated, "{name}");
            refused
        };
        let unsigned = forged(&|call| {
            call.headers.remove("x-twilio-signature");
        });
        assert_eq!(unsigned, Unverified::Unsigned);
        let added = forged(&|call| call.body = [&call.body[..], b"&X=1"].concat().into());
        assert_eq!(added, Unverified::Forged);
        let moved = forged(&|call| call.url = call.url.replace("example.com", "example.org"));
        assert_eq!(moved, Unverified::Forged);
        let other = TwilioHook::new([Masked::new("another token".to_owned())]);
        assert_eq!(other.verify(&raw(&recorded.call)).map(|_| ()), Err(Unverified::Forged), "{name}");
    }
}

#[test]
fn a_notice_of_another_topic_is_refused() {
    let other = SesHook::new("arn:aws:sns:us-east-1:123456789012:another");
    for (name, recorded) in recorded(Provider::Ses) {
        let refused = other.verify(&raw(&recorded.call)).map(|_| ());
        assert_eq!(refused, Err(Unverified::WrongTopic), "{name}");
    }
}

#[test]
fn the_key_of_a_fact_is_the_same_whenever_it_is_told_and_its_own() {
    let mut keys = BTreeSet::new();
    let mut facts = BTreeSet::new();
    for provider in Provider::ALL {
        for (_, recorded) in recorded(provider) {
            let (once, twice) = (play(&*hook(provider), &recorded), play(&*hook(provider), &recorded));
            assert_eq!(once, twice);
            for event in once {
                keys.insert(event.key());
                let fact = match event {
                    Event::Receipt(receipt) => format!(
                        "{} {} {:?} {:?} {:?}",
                        receipt.provider_id,
                        receipt.status.name(),
                        receipt.error.map(|error| error.code),
                        receipt.at,
                        receipt.address.map(|address| serde_json::to_string(&address).unwrap()),
                    ),
                    Event::Inbound(inbound) => inbound.provider_id,
                };
                facts.insert(fact);
            }
        }
    }
    assert_eq!(keys.len(), facts.len());
    assert!(keys.iter().all(|key| key.len() == 32));
}

#[test]
fn no_file_of_events_is_left_unplayed() {
    let folders: Vec<_> = Provider::ALL.iter().map(|provider| provider.name().to_lowercase()).collect();
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
    assert_eq!(missing(Provider::Ses, marks), Vec::<String>::new());
}
