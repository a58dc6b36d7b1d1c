use jiff::SignedDuration;
use kernel::{Lane, MessageId};

use super::*;
use crate::seams::{Practice, at, hours, practice};

/// A second before a reminder is due, after the ticks of the minutes before.
async fn with_a_reminder() -> (Practice, MessageId) {
    let practice = practice("2026-06-08T17:30:00Z").await;
    practice.rule("two days before", hours(48)).await;
    practice.settle().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let message = practice.plan(visit.id).await.steps[0].message.unwrap();
    let due = at("2026-06-08T18:00:00Z");
    practice.clock.advance(due.duration_since(practice.clock.now()) - SignedDuration::from_secs(1));
    run(&practice.platform).await.unwrap();
    (practice, message)
}

fn requests(practice: &Practice) -> Vec<MessageId> {
    let taken = practice.queue.take(Lane::Outbound, 1000);
    taken.iter().map(|one| one.job.read::<SendRequested>().unwrap().unwrap().message).collect()
}

/// E-09
#[tokio::test]
async fn a_reminder_is_asked_for_in_its_minute_and_not_before() {
    let (practice, message) = with_a_reminder().await;
    assert!(requests(&practice).is_empty());
    practice.clock.advance(SignedDuration::from_secs(1));
    run(&practice.platform).await.unwrap();
    assert_eq!(requests(&practice), [message]);
}

#[tokio::test]
async fn what_waits_is_asked_for_again_and_what_is_done_is_not() {
    let (practice, message) = with_a_reminder().await;
    practice.clock.advance(SignedDuration::from_secs(1));
    run(&practice.platform).await.unwrap();
    assert_eq!(requests(&practice), [message]);
    // The request got lost, which no queue does: the look at everything finds the message still waiting.
    practice.clock.advance(SignedDuration::from_mins(1));
    run(&practice.platform).await.unwrap();
    practice.clock.advance(SignedDuration::from_mins(1));
    let ticked = run(&practice.platform).await.unwrap();
    assert_eq!(requests(&practice), [message]);
    assert!(ticked.again >= 1);
    practice.set(message, Status::Sending).await;
    practice.set(message, Status::Sent).await;
    for _ in 0..12 {
        practice.clock.advance(SignedDuration::from_mins(1));
        run(&practice.platform).await.unwrap();
        assert!(requests(&practice).is_empty());
    }
}

#[tokio::test]
async fn what_a_dead_sender_holds_is_asked_for_again() {
    let (practice, message) = with_a_reminder().await;
    practice.clock.advance(SignedDuration::from_secs(1));
    run(&practice.platform).await.unwrap();
    requests(&practice);
    let kept = practice.message(message).await;
    let mut claimed = (*kept).clone().moved(Status::Sending, practice.clock.now());
    claimed.claimed_until = Some(practice.clock.now() + SignedDuration::from_secs(90));
    let mut write = practice.clinic.write();
    write.replace(&kept, &claimed);
    write.commit().await.unwrap();
    practice.clock.advance(SignedDuration::from_mins(1));
    run(&practice.platform).await.unwrap();
    assert!(requests(&practice).is_empty());
    practice.clock.advance(SignedDuration::from_mins(2));
    run(&practice.platform).await.unwrap();
    assert_eq!(requests(&practice), [message]);
}

#[tokio::test]
async fn a_push_that_fails_is_made_up_for_by_the_next_minute() {
    let (practice, message) = with_a_reminder().await;
    practice.clock.advance(SignedDuration::from_secs(1));
    let broken =
        Platform { queue: std::sync::Arc::new(platform::inside::Nothing), ..practice.platform.clone() };
    let fault = run(&broken).await.unwrap_err();
    assert_eq!(fault.code(), "platform_absent");
    practice.clock.advance(SignedDuration::from_mins(3));
    run(&practice.platform).await.unwrap();
    assert_eq!(requests(&practice), [message]);
}
