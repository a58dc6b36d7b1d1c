//! Calls that Twilio did not make, and bodies that no form of it is.

use audit::{Outcome, Severity};
use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use kernel::{Id as _, PersonId};
use messaging::Status;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rstest::rstest;

use crate::world::{PUBLIC, TOKEN, World, sign, signed, status, unsigned};

const SID: &str = "SM00000000000000000000000000000001";

///
#[tokio::test]
async fn a_call_without_a_signature_is_401_and_a_forged_one_403_and_neither_changes_anything() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    let (path, body) = (world.callback(id), status(SID, "delivered", None));
    let none = world.send(unsigned(&path).body(Body::from(body.clone())).unwrap()).await;
    assert_eq!((none.status, none.code().as_str()), (401, "signature_missing"));
    let other = sign("another_token", &format!("{PUBLIC}{path}"), &body);
    for (signature, code) in
        [(other.as_str(), "signature_wrong"), ("x", "signature_wrong"), ("", "signature_wrong")]
    {
        let request = unsigned(&path).header("x-twilio-signature", signature);
        let forged = world.send(request.body(Body::from(body.clone())).unwrap()).await;
        assert_eq!((forged.status, forged.code().as_str()), (403, code), "{signature}");
        assert!(!forged.body.contains("555"), "{}", forged.body);
    }
    let mut twice = signed(&path, &body);
    twice.headers_mut().append("x-twilio-signature", "x".parse().unwrap());
    assert_eq!(world.send(twice).await.status, 403);
    assert_eq!((world.message(id).await.status, world.strays(SID).await), (Status::Sending, 0));
}

///
#[tokio::test]
async fn a_refused_call_is_audited_once_a_minute_and_clinic() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    let path = world.callback(id);
    let flood = async || {
        for _ in 0..50 {
            let request = unsigned(&path).header("x-twilio-signature", "x");
            let refused = world.send(request.body(Body::from(status(SID, "sent", None))).unwrap()).await;
            assert_eq!(refused.status, 403);
        }
    };
    flood().await;
    assert_eq!((world.log().await.len(), world.writes()), (1, 1));
    let entry = world.log().await.remove(0);
    assert_eq!((entry.action.as_str(), entry.severity), ("callback.refused", Severity::Warning));
    assert_eq!((entry.outcome, entry.patients.len()), (Outcome::Denied, 0));
    assert!(entry.request.is_some());
    let written = serde_json::to_string(&entry).unwrap();
    assert!(written.contains("signature_wrong") && !written.contains("555"), "{written}");
    world.clock.advance(SignedDuration::from_secs(60));
    flood().await;
    assert_eq!(world.log().await.len(), 2);
}

#[tokio::test]
async fn a_refused_call_that_names_no_clinic_of_ours_is_written_nowhere() {
    let world = World::new().await;
    let strange = kernel::ClinicId::derived(&["nobody"]);
    for path in [
        format!("/hooks/twilio/status?clinic={strange}"),
        "/hooks/twilio/status?clinic=x".to_owned(),
        "/hooks/twilio/inbound".to_owned(),
    ] {
        let refused = world.send(unsigned(&path).body(Body::from("A=1")).unwrap()).await;
        assert_eq!(refused.status, 401);
    }
    assert_eq!(world.writes(), 0);
    assert!(world.log().await.is_empty());
}

///
#[test]
fn a_call_that_was_changed_on_its_way_is_never_accepted() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let id = runtime.block_on(world.claimed(PersonId::FIRST));
    let (path, body) = (world.callback(id), status(SID, "delivered", None));
    let right = sign(TOKEN, &format!("{PUBLIC}{path}"), &body);
    let meaning = |body: &[u8]| {
        let mut all: Vec<_> = url::form_urlencoded::parse(body).into_owned().collect();
        all.sort();
        all
    };
    let mut runner = TestRunner::new(Config::with_cases(400));
    let place = (0..3_usize, any::<prop::sample::Index>(), any::<u8>());
    runner
        .run(&place, |(part, at, byte)| {
            let (mut path, mut body, mut signature) =
                (path.clone(), body.clone().into_bytes(), right.clone());
            match part {
                0 => {
                    // Behind the path itself, which decides who is asked.
                    let from = path.find('?').unwrap() + 1;
                    let at = from + at.index(path.len() - from);
                    let letter = char::from(b"abcdefghjkmnpqrstvwxyz0123456789=&_-"[usize::from(byte) % 36]);
                    path.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
                }
                1 => {
                    let at = at.index(body.len());
                    body[at] = byte;
                }
                _ => {
                    let at = at.index(signature.len());
                    let letter = char::from(
                        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
                            [usize::from(byte) % 65],
                    );
                    signature.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
                }
            }
            let same = path == world.callback(id) && signature == right && {
                // `%2b` says what `%2B` says.
                meaning(&body) == meaning(status(SID, "delivered", None).as_bytes())
            };
            prop_assume!(!same);
            let request = unsigned(&path).header("x-twilio-signature", &signature);
            let answer = runtime.block_on(world.send(request.body(Body::from(body)).unwrap()));
            prop_assert_eq!(answer.status, 403, "{} {}", path, answer.body);
            Ok(())
        })
        .unwrap();
    assert_eq!(runtime.block_on(world.message(id)).status, Status::Sending);
    // The call itself is fine.
    assert_eq!(runtime.block_on(world.twilio(&path, &body)).status, 200);
}

#[rstest]
#[case("/hooks/twilio/status")]
#[case("/hooks/twilio/inbound")]
#[tokio::test]
async fn what_is_no_form_is_415_and_too_much_of_it_413(#[case] path: &str) {
    let world = World::new().await;
    for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
        let answer = world.post(path, kind, "A=1").await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "content_type_unsupported"), "{kind}");
    }
    let request = Request::post(path).body(Body::from("A=1")).unwrap();
    assert_eq!(world.send(request).await.status, 415);
    let most = format!("Body={}", "a".repeat(64 * 1024 - 5));
    assert_eq!(world.twilio(path, &most).await.status, 200, "64 KB are taken");
    let answer = world.twilio(path, &format!("{most}a")).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
}

#[tokio::test]
async fn only_posts_are_callbacks() {
    let world = World::new().await;
    for path in ["/hooks/twilio/status", "/hooks/twilio/inbound"] {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    }
    assert_eq!(world.get("/hooks/twilio").await.status, 404);
    assert_eq!(world.get("/hooks/nobody/status").await.status, 404);
}
