use jiff::SignedDuration;
use kernel::Fault;
use messaging::{Source, Status as Sent};
use people::appointments::{Change, Status};

use super::*;
use crate::{
    plan::{StepState, Why},
    seams::{Practice, at, hours, morning, practice, staff},
};

async fn with_a_visit() -> (Practice, kernel::AppointmentId) {
    let practice = practice("2026-06-01T14:00:00Z").await;
    practice.rule("ten days before", hours(240)).await;
    practice.rule("two days before", hours(48)).await;
    practice.rule("morning", morning()).await;
    practice.settle().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    (practice, visit.id)
}

/// E-16
#[tokio::test]
async fn the_plan_shows_what_is_planned_sent_and_skipped_with_reasons() {
    let (practice, id) = with_a_visit().await;
    let sent = practice.plan(id).await.steps[1].message.unwrap();
    practice.set(sent, Sent::Delivered).await;
    let view = view(&practice.clinic, id).await.unwrap();
    let shown: Vec<_> = view
        .steps
        .iter()
        .map(|one| (one.step.rule_name.as_str(), one.status, one.step.why.first().map(|why| why.code)))
        .collect();
    assert_eq!(
        shown,
        [
            ("ten days before", None, Some(Why::BookedTooLate)),
            ("two days before", Some(Sent::Delivered), None),
            ("morning", Some(Sent::Scheduled), None),
        ]
    );
    assert_eq!(view.steps[1].since, Some(practice.clock.now()));
    practice.move_to(id, "2026-06-20T14:00").await;
    let view = super::view(&practice.clinic, id).await.unwrap();
    assert_eq!((view.generation, view.steps.len(), view.earlier.len()), (Some(2), 3, 2));
    assert_eq!(view.earlier[1].ended.as_ref().unwrap().code, "APPOINTMENT_MOVED");
    let other = practice.platform.table.of(kernel::ClinicId::FIRST);
    assert_eq!(super::view(&other, id).await.unwrap_err().code(), "appointment_not_found");
}

/// E-16
#[tokio::test]
async fn a_step_can_be_sent_by_hand_before_its_time() {
    let (practice, id) = with_a_visit().await;
    let plan = practice.plan(id).await;
    let (late, planned) = (plan.steps[0].n, plan.steps[1].n);
    let request = send_now(&practice.clinic, &staff(), id, planned).await.unwrap();
    assert_eq!(Some(request.message), plan.steps[1].message);
    let message = practice.message(request.message).await;
    assert_eq!((message.status, message.send_at), (Sent::Queued, practice.clock.now()));
    assert_eq!(send_now(&practice.clinic, &staff(), id, planned).await.unwrap(), request);
    // A step that was not planned becomes a message of whoever sends it.
    let request = send_now(&practice.clinic, &staff(), id, late).await.unwrap();
    let message = practice.message(request.message).await;
    assert!(matches!(message.source, Source::Staff { .. }));
    // Another fact changes: both stay.
    practice.change(id, Change::OutOfReach(true)).await;
    let after = practice.plan(id).await;
    assert_eq!(after.steps[0].message, Some(request.message));
    assert_eq!(after.steps[1].message, plan.steps[1].message);
    assert_eq!(practice.message(request.message).await.status, Sent::Queued);
    // The due item moved along: the tick asks for both.
    practice.clock.advance(SignedDuration::from_mins(1));
    crate::tick::run(&practice.platform).await.unwrap();
    let jobs = practice.queue.take(kernel::Lane::Outbound, 100);
    let asked = jobs[0].job.read::<messaging::SendsRequested>().unwrap().unwrap();
    assert_eq!((jobs.len(), asked.sends.len()), (1, 2));
    practice.set(request.message, Sent::Sent).await;
    let fault = send_now(&practice.clinic, &staff(), id, late).await.unwrap_err();
    assert_eq!(fault.code(), "message_too_late");
}

/// E-16
#[tokio::test]
async fn a_step_can_be_taken_back_and_stays_back_until_the_visit_moves() {
    let (practice, id) = with_a_visit().await;
    let step = practice.plan(id).await.steps[2].clone();
    for _ in 0..2 {
        cancel_one(&practice.clinic, &staff(), id, step.n).await.unwrap();
    }
    let ended = practice.message_of(&step).await.ended.clone().unwrap();
    assert_eq!(ended.code, "CANCELLED_BY_STAFF");
    practice.change(id, Change::OutOfReach(true)).await;
    let after = practice.plan(id).await.steps[2].clone();
    assert!(after.state == StepState::NotPlanned && after.has(Why::CancelledByStaff));
    practice.clock.advance(SignedDuration::from_mins(1));
    practice.move_to(id, "2026-06-12T14:00").await;
    let moved = practice.plan(id).await.steps[2].clone();
    assert_eq!((moved.state, moved.send_at), (StepState::Planned, Some(at("2026-06-12T12:00:00Z"))));
    // By hand it can be sent after all.
    cancel_one(&practice.clinic, &staff(), id, moved.n).await.unwrap();
    let request = send_now(&practice.clinic, &staff(), id, moved.n).await.unwrap();
    assert_ne!(Some(request.message), moved.message);
}

/// E-16
#[tokio::test]
async fn what_cannot_be_sent_or_taken_back_is_told() {
    let (practice, id) = with_a_visit().await;
    let plan = practice.plan(id).await;
    let clinic = &practice.clinic;
    assert_eq!(cancel_one(clinic, &staff(), id, 99).await.unwrap_err().code(), "step_not_found");
    let unplanned = plan.steps[0].n;
    assert_eq!(cancel_one(clinic, &staff(), id, unplanned).await.unwrap_err().code(), "step_not_planned");
    practice.set(plan.steps[1].message.unwrap(), Sent::Sending).await;
    let fault = cancel_one(clinic, &staff(), id, plan.steps[1].n).await.unwrap_err();
    assert_eq!(fault.code(), "message_too_late");
    practice.change(id, Change::Status { to: Status::Cancelled, reason: None }).await;
    let fault = send_now(clinic, &staff(), id, practice.plan(id).await.steps[0].n).await.unwrap_err();
    assert_eq!(fault.code(), "appointment_closed");
}
