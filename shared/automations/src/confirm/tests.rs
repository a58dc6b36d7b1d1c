use kernel::{Fault, Limit};
use messaging::desk::{Task, TaskKind};
use people::appointments::{self, Change, How, Status};
use table::keys::TaskKey;

use super::*;
use crate::seams::{Practice, hours, practice, staff};

const NOW: &str = "2026-06-01T14:00:00Z";

async fn said(practice: &Practice, id: kernel::AppointmentId, what: Answer) -> Answered {
    answer(&practice.clinic, &practice.reminders(), &staff(), id, what, How::Phone).await.unwrap()
}

/// E-18
#[tokio::test]
async fn a_confirmation_is_kept_with_who_said_it_and_how_and_twice_is_once() {
    let practice = practice(NOW).await;
    let visit = practice.booked("2026-06-10T14:00").await;
    practice.change(visit.id, Change::Asked).await;
    assert_eq!(practice.visit(visit.id).await.confirmation.answer, appointments::Answer::Pending);
    let first = said(&practice, visit.id, Answer::Confirm).await;
    assert!(!first.again && first.task.is_none());
    let kept = practice.visit(visit.id).await;
    assert_eq!(kept.status, Status::Confirmed);
    assert_eq!(
        (kept.confirmation.by.as_deref(), kept.confirmation.how),
        (Some(kernel::CallerId::FIRST.to_string().as_str()), Some(How::Phone))
    );
    assert!(said(&practice, visit.id, Answer::Confirm).await.again);
    assert_eq!(practice.visit(visit.id).await.rev(), kept.rev());
}

/// E-19
#[tokio::test]
async fn a_decline_leaves_the_visit_booked_and_asks_staff_once() {
    let practice = practice(NOW).await;
    practice.rule("two days before", hours(48)).await;
    let visit = practice.booked("2026-06-10T14:00").await;
    for _ in 0..2 {
        let declined = said(&practice, visit.id, Answer::Decline).await;
        assert_eq!(declined.visit.status, Status::Scheduled);
        assert_eq!(declined.visit.confirmation.answer, appointments::Answer::Declined);
        let task = declined.task.unwrap();
        let kept = practice.clinic.get::<Task>(&TaskKey { task: task.id }).await.unwrap().unwrap();
        assert_eq!((kept.kind, kept.appointment), (TaskKind::Declined, Some(visit.id)));
    }
    let span = table::keys::OpenTasks::all();
    let tasks = practice.clinic.list::<Task>(&span, Limit::MOST, None).await.unwrap();
    assert_eq!(tasks.items.len(), 1);
    let message = practice.message_of(&practice.plan(visit.id).await.steps[0]).await;
    assert_eq!(message.ended.as_ref().unwrap().code, "APPOINTMENT_DECLINED");
}

/// E-19
#[tokio::test]
async fn a_wish_for_another_time_is_for_staff_and_changes_nothing() {
    let practice = practice(NOW).await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let asked = said(&practice, visit.id, Answer::Reschedule).await;
    assert_eq!(asked.task.unwrap().kind, TaskKind::Reschedule);
    assert_eq!(practice.visit(visit.id).await.rev(), 1);
}

/// E-18
#[tokio::test]
async fn an_answer_about_a_visit_that_is_closed_or_has_begun_is_refused() {
    let practice = practice(NOW).await;
    let visit = practice.booked("2026-06-10T14:00").await;
    practice.change(visit.id, Change::Status { to: Status::Cancelled, reason: None }).await;
    let begun = practice.booked("2026-06-01T11:00").await;
    practice.clock.advance(jiff::SignedDuration::from_hours(2));
    for what in [Answer::Confirm, Answer::Decline, Answer::Reschedule] {
        for (id, code) in [(visit.id, "appointment_closed"), (begun.id, "appointment_begun")] {
            let fault = answer(&practice.clinic, &practice.reminders(), &staff(), id, what, How::Reply)
                .await
                .unwrap_err();
            assert_eq!(fault.code(), code);
        }
    }
}

/// E-19
#[tokio::test]
async fn the_front_desk_sees_who_has_not_confirmed_a_day_before() {
    let practice = practice(NOW).await;
    let open = practice.booked("2026-06-02T09:00").await;
    let confirmed = practice.booked("2026-06-02T09:30").await;
    practice.booked("2026-06-02T10:30").await;
    said(&practice, confirmed.id, Answer::Confirm).await;
    let page = unconfirmed(&practice.clinic, Limit::default(), None).await.unwrap();
    assert_eq!(page.items.iter().map(|visit| visit.id).collect::<Vec<_>>(), [open.id]);
}
