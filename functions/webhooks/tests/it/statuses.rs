//! `POST /hooks/twilio/status`

use kernel::{Lane, PersonId};
use messaging::{AttemptStatus, Status};
use rstest::rstest;

use crate::world::{TOKEN, World, sign, signed, status, unsigned};

const SID: &str = "SM00000000000000000000000000000001";

///
#[rstest]
#[case("sent", None, Status::Sent, None)]
#[case("delivered", None, Status::Delivered, None)]
#[case("failed", Some("30008"), Status::Failed, Some("30008"))]
#[case("undelivered", Some("30003"), Status::Failed, Some("30003"))]
#[tokio::test]
async fn a_receipt_is_kept_on_its_message_with_id_and_error(
    #[case] told: &str,
    #[case] error: Option<&str>,
    #[case] kept: Status,
    #[case] code: Option<&str>,
) {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    let answer = world.twilio(&world.callback(id), &status(SID, told, error)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "<Response/>"));
    assert_eq!(answer.header("content-type"), "text/xml; charset=utf-8");
    let message = world.message(id).await;
    assert_eq!((message.status, message.attempts.len()), (kept, 1));
    let attempt = &message.attempts[0];
    assert_eq!(attempt.provider_id.as_deref(), Some(SID));
    assert_eq!(attempt.error.as_ref().and_then(|error| error.code.as_deref()), code);
}

///
#[tokio::test]
async fn a_hundred_repetitions_change_a_message_once() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    let (path, body) = (world.callback(id), status(SID, "delivered", None));
    assert_eq!(world.twilio(&path, &body).await.status, 200);
    let (first, writes) = (world.message(id).await, world.writes());
    assert_eq!(writes, 1);
    for _ in 0..100 {
        world.clock.advance(jiff::SignedDuration::from_secs(7));
        assert_eq!(world.twilio(&path, &body).await.status, 200);
    }
    assert_eq!((world.writes(), world.message(id).await), (0, first));
}

///
#[tokio::test]
async fn a_late_or_lower_receipt_moves_nothing_back() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    for told in ["delivered", "sent", "queued", "undelivered", "failed", "something_new"] {
        assert_eq!(world.twilio(&world.callback(id), &status(SID, told, None)).await.status, 200, "{told}");
        assert_eq!(world.message(id).await.status, Status::Delivered, "{told}");
    }
}

///
#[tokio::test]
async fn a_receipt_may_come_before_the_outcome_of_the_send_is_written() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    assert_eq!(world.message(id).await.status, Status::Sending);
    world.twilio(&world.callback(id), &status(SID, "delivered", None)).await;
    let message = world.message(id).await;
    assert_eq!((message.status, message.claimed_until), (Status::Delivered, None));
    assert_eq!(message.attempts[0].status, AttemptStatus::Delivered);
}

///
#[tokio::test]
async fn two_receipts_at_once_both_count() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    let path = world.callback(id);
    let (sent, read) = (status(SID, "sent", None), status(SID, "read", None));
    let (one, two) = futures::join!(world.twilio(&path, &sent), world.twilio(&path, &read));
    assert_eq!((one.status, two.status), (200, 200));
    assert_eq!(world.writes(), 3, "they met: one of them had to look again");
    let message = world.message(id).await;
    assert_eq!((message.status, message.attempts[0].status), (Status::Read, AttemptStatus::Opened));
}

///
#[tokio::test]
async fn a_receipt_for_an_unknown_id_is_kept_once_for_a_later_match() {
    let world = World::new().await;
    let unknown = world.callback(kernel::MessageId::LAST);
    for path in [unknown.as_str(), "/hooks/twilio/status"] {
        for _ in 0..3 {
            assert_eq!(world.twilio(path, &status(SID, "delivered", None)).await.status, 200);
        }
    }
    assert_eq!(world.strays(SID).await, 1);
    assert_eq!(world.twilio(&unknown, &status(SID, "sent", None)).await.status, 200);
    assert_eq!(world.strays(SID).await, 2);
}

///
#[tokio::test]
async fn what_cannot_be_kept_now_is_to_be_told_again() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    let (path, body) = (world.callback(id), status(SID, "delivered", None));
    world.database(false);
    let answer = world.twilio(&path, &body).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    world.database(true);
    assert_eq!(world.message(id).await.status, Status::Sending);
    assert_eq!(world.twilio(&path, &body).await.status, 200);
    assert_eq!(world.message(id).await.status, Status::Delivered);
}

///
#[tokio::test]
async fn what_is_signed_and_cannot_be_read_is_kept_aside_and_not_told_for_ever() {
    let world = World::new().await;
    for _ in 0..3 {
        assert_eq!(world.twilio("/hooks/twilio/status", "Fresh=1&From=nobody").await.status, 200);
    }
    assert_eq!(world.strays("unreadable").await, 1);
    assert_eq!(world.twilio("/hooks/twilio/inbound", "MessageStatus=received&Body=hi").await.status, 200);
    assert_eq!(world.strays("unreadable").await, 2);
    world.database(false);
    assert_eq!(world.twilio("/hooks/twilio/status", "Fresh=1&From=nobody").await.status, 503);
}

#[tokio::test]
async fn a_number_that_failed_for_good_leads_to_work_on_its_address_once() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    let (path, body) = (world.callback(id), status(SID, "undelivered", Some("30006")));
    for _ in 0..5 {
        assert_eq!(world.twilio(&path, &body).await.status, 200);
    }
    let hints = world.hints(Lane::Inbound);
    assert_eq!((hints.len(), world.due().await), (1, hints));
}

#[tokio::test]
async fn both_tokens_count_while_one_takes_the_place_of_the_other() {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    let (path, body) = (world.callback(id), status(SID, "delivered", None));
    let call = |token: &str, url: &str, host: &str| {
        let mut request = signed(&path, &body);
        let headers = request.headers_mut();
        headers.insert("x-twilio-signature", sign(token, &format!("{url}{path}"), &body).parse().unwrap());
        headers.insert("host", host.parse().unwrap());
        request
    };
    for (token, url, host, status) in [
        ("token_before", "https://comms.example.com", "gw.example.com", 200),
        (TOKEN, "https://comms.example.com:443", "gw.example.com", 200),
        // An account that was told the gateway's own name.
        (TOKEN, "https://gw.example.com", "gw.example.com", 200),
        (TOKEN, "https://gw.example.com", "other.example.com", 403),
        (TOKEN, "https://gw.example.com/x", "gw.example.com/x", 403),
        ("token_of_yesteryear", "https://comms.example.com", "gw.example.com", 403),
        ("", "https://comms.example.com", "gw.example.com", 403),
    ] {
        assert_eq!(world.send(call(token, url, host)).await.status, status, "{token} {url} {host}");
    }
}

#[rstest]
#[case(&[("links", "x")])]
#[case(&[("twilio-hook", "")])]
#[case(&[("twilio-hook", " , ")])]
#[tokio::test]
async fn without_a_token_nothing_is_believed_and_everything_is_to_come_again(
    #[case] secrets: &[(&str, &str)],
) {
    let world = World::with_secrets(secrets).await;
    let id = world.claimed(PersonId::FIRST).await;
    let (path, body) = (world.callback(id), status(SID, "delivered", None));
    let empty = sign("", &format!("{}{path}", crate::world::PUBLIC), &body);
    let request = unsigned(&path).header("x-twilio-signature", empty);
    let answer = world.send(request.body(body.clone().into()).unwrap()).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "callbacks_unverifiable"));
    assert_eq!(world.message(id).await.status, Status::Sending);
}
