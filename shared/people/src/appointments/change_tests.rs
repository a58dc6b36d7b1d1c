use std::sync::Mutex;

use kernel::{ClinicId, Id};
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{
    mirror::Kind as Mirrored,
    origin::mirrored,
    testing::{Home, actor, at},
};

const START: &str = "2026-11-25T14:00:00Z";

async fn booked(home: &Home) -> AppointmentId {
    home.says(Mirrored::Person, "p1", 1, json!({"given_name": "Ana", "family_name": "Costa"})).await.unwrap();
    let visit = json!({"person": "p1", "starts_at": START, "minutes": 45});
    home.says(Mirrored::Appointment, "a1", 1, visit).await.unwrap();
    mirrored(&home.table, "pms", "a1")
}

async fn apply(home: &Home, id: AppointmentId, change: Change) -> Result<Changed, ChangeFault> {
    super::change(&home.table, &NoPlan, &actor(), id, None, &change).await
}

fn confirm() -> Change {
    Change::Confirm { by: "per".into(), how: How::Reply }
}

fn moved(to: &str) -> Change {
    Change::Move { starts_at: at(to), ends_at: None, location: None, practitioner: None }
}

fn status(to: Status) -> Change {
    Change::Status { to, reason: Some("ill".into()) }
}

#[tokio::test]
async fn a_confirmation_is_kept_with_who_and_how_and_twice_is_once() {
    let home = Home::new().await;
    let id = booked(&home).await;
    let asked = apply(&home, id, Change::Asked).await.unwrap().after;
    assert_eq!((asked.confirmation.answer, asked.status), (Answer::Pending, Status::Scheduled));
    let first = apply(&home, id, confirm()).await.unwrap();
    assert!(first.is_different());
    assert_eq!((first.after.status, first.after.confirmation.how), (Status::Confirmed, Some(How::Reply)));
    let again = apply(&home, id, confirm()).await.unwrap();
    assert!(!again.is_different());
    let declined =
        apply(&home, id, Change::Decline { by: "per".into(), how: How::Phone }).await.unwrap().after;
    assert_eq!((declined.status, declined.confirmation.answer), (Status::Scheduled, Answer::Declined));
    assert_eq!(declined.generation, 1);
}

#[tokio::test]
async fn a_moved_visit_is_one_nobody_has_confirmed() {
    let home = Home::new().await;
    let id = booked(&home).await;
    apply(&home, id, confirm()).await.unwrap();
    let after = apply(&home, id, moved("2026-11-26T15:00:00Z")).await.unwrap().after;
    assert_eq!((after.status, after.confirmation.answer), (Status::Scheduled, Answer::Unconfirmed));
    assert_eq!((after.generation, after.ends_at), (2, at("2026-11-26T15:45:00Z")));
    assert_eq!(after.wall.to_string(), "2026-11-26T10:00:00");
}

#[tokio::test]
async fn closing_and_reopening_makes_planned_messages_wrong() {
    let home = Home::new().await;
    let id = booked(&home).await;
    let cancelled = apply(&home, id, status(Status::Cancelled)).await.unwrap().after;
    assert_eq!((cancelled.generation, cancelled.cancel_reason.as_deref()), (2, Some("ill")));
    let again = apply(&home, id, status(Status::Scheduled)).await.unwrap().after;
    assert_eq!((again.generation, again.cancel_reason), (3, None));
}

#[rstest]
#[case(Status::Cancelled, confirm(), "appointment_closed")]
#[case(Status::Cancelled, moved("2026-11-26T15:00:00Z"), "appointment_closed")]
#[case(Status::Completed, status(Status::Scheduled), "status_not_allowed")]
#[case(Status::Arrived, Change::Asked, "appointment_closed")]
#[tokio::test]
async fn what_its_status_does_not_allow_is_refused(
    #[case] is: Status,
    #[case] change: Change,
    #[case] code: &str,
) {
    let home = Home::new().await;
    let id = booked(&home).await;
    apply(&home, id, status(is)).await.unwrap();
    assert_eq!(apply(&home, id, change).await.unwrap_err().code(), code);
}

#[tokio::test]
async fn a_late_answer_is_refused() {
    let home = Home::new().await;
    let id = booked(&home).await;
    home.clock.advance(jiff::SignedDuration::from_hours(24 * 4));
    assert_eq!(apply(&home, id, confirm()).await.unwrap_err().code(), "appointment_begun");
}

#[tokio::test]
async fn stale_versions_and_other_clinics_are_refused() {
    let home = Home::new().await;
    let id = booked(&home).await;
    let stale = super::change(&home.table, &NoPlan, &actor(), id, Some(9), &confirm()).await.unwrap_err();
    assert_eq!((stale.code(), stale.kind()), ("version_is_stale", Kind::Conflict));
    let other = home.all.of(ClinicId::derived(&["other"]));
    let foreign = super::change(&other, &NoPlan, &actor(), id, None, &confirm()).await.unwrap_err();
    assert_eq!((foreign.code(), foreign.kind()), ("appointment_not_found", Kind::NotFound));
}

/// Remembers what it was told, and adds a counter so that its part of the transaction can be seen.
#[derive(Default)]
struct Notes(Mutex<Vec<(Option<u32>, u32)>>);

impl Replan for Notes {
    async fn replan(
        &self,
        write: &mut Write,
        before: Option<&Kept<Appointment>>,
        after: &Appointment,
        _: Option<&Person>,
    ) -> Result<(), TableFault> {
        let counter = table::keys::CounterKey { of: "plans".into(), name: "planned".into() };
        write.add(&counter, 1, None);
        self.0.lock().unwrap().push((before.map(|kept| kept.generation), after.generation));
        Ok(())
    }
}

#[tokio::test]
async fn the_plan_changes_in_the_same_transaction() {
    let home = Home::new().await;
    let id = booked(&home).await;
    let plan = Notes::default();
    let counter = table::keys::CounterKey { of: "plans".into(), name: "planned".into() };
    let to = moved("2026-11-26T15:00:00Z");
    super::change(&home.table, &plan, &actor(), id, None, &to).await.unwrap();
    assert_eq!(*plan.0.lock().unwrap(), [(Some(1), 2)]);
    assert_eq!(home.table.count(&counter).await.unwrap(), 1);

    // Two changes at once: one is overtaken, nothing of it is written, and it is tried anew.
    let mut write = home.table.write();
    super::change_within(&home.table, &mut write, &plan, &actor(), id, None, &confirm()).await.unwrap();
    super::change(&home.table, &plan, &actor(), id, None, &Change::OutOfReach(true)).await.unwrap();
    assert!(write.commit().await.unwrap_err().is_conflict());
    assert_eq!(home.table.count(&counter).await.unwrap(), 2);
}

#[tokio::test]
async fn appointments_are_listed_by_start_and_by_person() {
    let home = Home::new().await;
    booked(&home).await;
    for (id, start) in [("a2", "2026-11-24T14:00:00Z"), ("a3", "2026-11-26T14:00:00Z")] {
        home.says(Mirrored::Appointment, id, 1, json!({"person": "p1", "starts_at": start})).await.unwrap();
    }
    let (from, to) = (at("2026-11-24T00:00:00Z"), at("2026-11-25T23:00:00Z"));
    let limit = kernel::Limit::default();
    let page = super::super::between(&home.table, from, to, None, limit, None).await.unwrap();
    let starts: Vec<_> = page.items.iter().map(|visit| visit.starts_at.to_string()).collect();
    assert_eq!(starts, ["2026-11-24T14:00:00Z", START]);
    let pending = super::super::Filter::read("Pending");
    let page = super::super::between(&home.table, from, to, pending, limit, None).await.unwrap();
    assert_eq!(page.items.len(), 2);
    let person = mirrored(&home.table, "pms", "p1");
    let page = super::super::of_person(&home.table, person, at(START), limit, None).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.items[0].id, mirrored(&home.table, "pms", "a1"));
}
