use jiff::SignedDuration;
use kernel::{Channel, LocationId};
use messaging::{Route, Status as Sent};
use people::appointments::{Change, How};

use super::*;
use crate::{
    plan::{Step, StepState, Why},
    rules::{Channels, Late, RuleDraft, Timing, create},
    seams::{NEW_YORK, Practice, at, hours, morning, practice, staff, visit},
};

const NOW: &str = "2026-06-01T14:00:00Z";

async fn with_rules() -> Practice {
    let practice = practice(NOW).await;
    practice.rule("two days before", hours(48)).await;
    practice.rule("morning", morning()).await;
    practice
}

fn planned(plan: &Plan) -> Vec<&Step> {
    plan.steps.iter().filter(|step| step.state == StepState::Planned).collect()
}

/// E-09, E-16
#[tokio::test]
async fn a_booking_plans_its_messages_in_the_same_transaction() {
    let practice = with_rules().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let plan = practice.plan(visit.id).await;
    let times: Vec<_> = planned(&plan).iter().map(|step| step.send_at.unwrap().to_string()).collect();
    assert_eq!(times, ["2026-06-08T18:00:00Z", "2026-06-10T12:00:00Z"]);
    let message = practice.message_of(&plan.steps[0]).await;
    assert_eq!((message.status, message.send_at), (Sent::Scheduled, at("2026-06-08T18:00:00Z")));
    assert_eq!(message.not_after, Some(visit.starts_at));
    let about = message.about.as_ref().unwrap();
    assert_eq!((about.appointment, about.generation, about.out_of_reach), (visit.id, 1, true));
    assert_eq!(about.statuses, [Status::Scheduled, Status::Confirmed]);
}

/// E-11
#[tokio::test]
async fn a_moved_appointment_takes_its_old_reminder_back_in_the_same_transaction() {
    let practice = practice("2026-06-08T17:30:00Z").await;
    practice.rule("two days before", hours(48)).await;
    practice.rule("morning", morning()).await;
    practice.settle().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let before = practice.plan(visit.id).await;
    practice.move_to(visit.id, "2026-06-12T09:00").await;
    for step in &before.steps {
        let old = practice.message_of(step).await;
        assert_eq!(old.status, Sent::Cancelled);
        assert_eq!(old.ended.as_ref().unwrap().code, "APPOINTMENT_MOVED");
    }
    let plan = practice.plan(visit.id).await;
    assert_eq!((plan.generation, plan.earlier.len()), (2, 2));
    let times: Vec<_> = planned(&plan).iter().map(|step| step.send_at.unwrap().to_string()).collect();
    assert_eq!(times, ["2026-06-10T13:00:00Z", "2026-06-12T12:00:00Z"]);
    let new = practice.message_of(&plan.steps[0]).await;
    assert_eq!((new.status, new.about.as_ref().unwrap().generation), (Sent::Scheduled, 2));
    // The due items moved along: what is due on the 8th is nothing any more.
    practice.clock.advance(at("2026-06-08T18:00:30Z").duration_since(practice.clock.now()));
    crate::tick::run(&practice.platform).await.unwrap();
    assert!(practice.queue.take(kernel::Lane::Outbound, 100).is_empty());
}

/// E-11, E-20
#[tokio::test]
async fn a_visit_that_is_called_off_takes_all_its_reminders_back() {
    let practice = with_rules().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    practice.change(visit.id, Change::Status { to: Status::Cancelled, reason: None }).await;
    let plan = practice.plan(visit.id).await;
    assert_eq!(plan.steps.len(), 2);
    for step in &plan.steps {
        let message = practice.message_of(step).await;
        assert_eq!(message.ended.as_ref().unwrap().code, "APPOINTMENT_CANCELLED");
    }
    // Taken up again, it is planned anew.
    practice.change(visit.id, Change::Status { to: Status::Scheduled, reason: None }).await;
    let plan = practice.plan(visit.id).await;
    for step in planned(&plan) {
        assert_eq!(practice.message_of(step).await.status, Sent::Scheduled);
    }
    assert_eq!((planned(&plan).len(), practice.messages().await.len()), (2, 4));
}

/// E-11
#[tokio::test]
async fn a_visit_that_took_place_needs_no_reminder() {
    for status in [Status::Arrived, Status::Completed, Status::NoShow] {
        let practice = with_rules().await;
        let visit = practice.booked("2026-06-10T14:00").await;
        practice.change(visit.id, Change::Status { to: status, reason: None }).await;
        for message in practice.messages().await {
            assert_eq!(message.ended.as_ref().unwrap().code, "APPOINTMENT_CLOSED");
        }
    }
}

/// E-11
#[tokio::test]
async fn a_reminder_is_planned_once_however_often_the_event_arrives() {
    let practice = with_rules().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let kept = practice.visit(visit.id).await;
    for _ in 0..3 {
        let mut write = practice.clinic.write();
        practice.reminders().replan(&mut write, Some(&kept), &kept, None).await.unwrap();
        assert!(write.is_empty());
        // The same goes for a renewal that was asked for twice.
        let plan = practice.plan(visit.id).await;
        practice.reminders().renew(&mut write, &kept, Some(&plan)).await.unwrap();
        assert!(write.is_empty());
    }
    assert_eq!(practice.messages().await.len(), 2);
    // Two writers at the same moment: the second finds that the first has planned.
    let mut write = practice.clinic.write();
    practice.reminders().replan(&mut write, None, &kept, None).await.unwrap();
    assert!(write.commit().await.unwrap_err().is_conflict());
    assert_eq!(practice.messages().await.len(), 2);
}

/// E-11
#[tokio::test]
async fn a_replanning_that_is_tried_again_makes_the_same_messages() {
    let practice = with_rules().await;
    let visit = Appointment { created_at: practice.clock.now(), ..visit(NEW_YORK, "2026-06-10T14:00") };
    let batch = Reminders::for_batch(&practice.clinic).await.unwrap();
    let mut lost = practice.clinic.write();
    batch.replan(&mut lost, None, &visit, None).await.unwrap();
    drop(lost);
    practice.book(&visit).await;
    let first = practice.plan(visit.id).await;
    let other = with_rules().await;
    other.book(&visit).await;
    assert_eq!(first.steps[0].message, other.plan(visit.id).await.steps[0].message);
}

/// E-11
#[tokio::test]
async fn what_a_sender_holds_or_has_sent_is_left_alone() {
    let practice = with_rules().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let plan = practice.plan(visit.id).await;
    let (held, sent) = (plan.steps[0].message.unwrap(), plan.steps[1].message.unwrap());
    practice.set(held, Sent::Sending).await;
    practice.set(sent, Sent::Sent).await;
    practice.move_to(visit.id, "2026-06-12T09:00").await;
    assert_eq!(practice.message(held).await.status, Sent::Sending);
    assert_eq!(practice.message(sent).await.status, Sent::Sent);
    assert_eq!(planned(&*practice.plan(visit.id).await).len(), 2);
}

/// E-11
#[tokio::test]
async fn a_reminder_that_went_out_does_not_go_out_again_when_another_fact_changes() {
    let practice = with_rules().await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let sent = practice.plan(visit.id).await.steps[0].message.unwrap();
    practice.set(sent, Sent::Delivered).await;
    practice.change(visit.id, Change::OutOfReach(true)).await;
    let plan = practice.plan(visit.id).await;
    assert_eq!(plan.steps[0].message, Some(sent));
    assert_eq!(practice.messages().await.len(), 2);
}

/// E-20
#[tokio::test]
async fn a_confirmed_visit_takes_back_what_is_pointless_then() {
    let practice = practice(NOW).await;
    let asks = RuleDraft {
        skip_if_confirmed: true,
        asks_confirmation: true,
        ..practice.draft("two days before", hours(48))
    };
    create(&practice.clinic, &staff(), &asks).await.unwrap();
    practice.rule("morning", morning()).await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let asked = practice.message_of(&practice.plan(visit.id).await.steps[0]).await;
    assert!(asked.asks.is_some() && asked.about.as_ref().unwrap().unless_confirmed);
    practice.change(visit.id, Change::Confirm { by: "per".into(), how: How::Phone }).await;
    let plan = practice.plan(visit.id).await;
    assert!(plan.steps[0].has(Why::AlreadyConfirmed));
    let asked = practice.message_of(&plan.steps[0]).await;
    assert_eq!(asked.ended.as_ref().unwrap().code, "APPOINTMENT_CONFIRMED");
    assert_eq!(practice.message_of(&plan.steps[1]).await.status, Sent::Scheduled);
    // No longer confirmed: it is planned again, as another message.
    practice.change(visit.id, Change::Status { to: Status::Scheduled, reason: None }).await;
    practice.change(visit.id, Change::Decline { by: "per".into(), how: How::Phone }).await;
    for step in &practice.plan(visit.id).await.steps {
        assert!(step.has(Why::Declined) && step.state == StepState::NotPlanned);
    }
    practice.change(visit.id, Change::Status { to: Status::Cancelled, reason: None }).await;
    practice.change(visit.id, Change::Status { to: Status::Scheduled, reason: None }).await;
    assert_eq!(planned(&*practice.plan(visit.id).await).len(), 2);
}

/// E-09
#[tokio::test]
async fn only_a_fresh_booking_is_confirmed() {
    let practice = practice(NOW).await;
    practice.rule("booking", Timing::AtBooking).await;
    let fresh = practice.booked("2026-06-10T14:00").await;
    let imported = visit(NEW_YORK, "2026-06-11T14:00");
    practice.book(&imported).await;
    let step = practice.plan(fresh.id).await.steps[0].clone();
    assert_eq!(practice.message_of(&step).await.status, Sent::Queued);
    let step = practice.plan(imported.id).await.steps[0].clone();
    assert!(step.state == StepState::NotPlanned && step.has(Why::Past));
}

/// E-09
#[tokio::test]
async fn a_first_import_that_does_not_tell_when_visits_were_booked_confirms_none() {
    let practice = practice(NOW).await;
    practice.rule("booking", Timing::AtBooking).await;
    let batch = Reminders::for_batch(&practice.clinic).await.unwrap();
    let told = Appointment { created_at: practice.clock.now(), ..visit(NEW_YORK, "2026-06-10T14:00") };
    practice.clock.advance(SignedDuration::from_secs(5));
    let later = Reminders::for_batch(&practice.clinic).await.unwrap();
    let untold = Appointment { created_at: practice.clock.now(), ..visit(NEW_YORK, "2026-06-11T14:00") };
    for (reminders, visit, confirmed) in [(batch, &untold, false), (later, &told, true)] {
        let mut write = practice.clinic.write();
        write.create(visit);
        reminders.replan(&mut write, None, visit, None).await.unwrap();
        write.commit().await.unwrap();
        let step = practice.plan(visit.id).await.steps[0].clone();
        assert_eq!(step.state == StepState::Planned, confirmed);
    }
}

/// E-09
#[tokio::test]
async fn a_visit_moved_closer_than_the_rule_is_treated_like_a_late_booking() {
    let practice = practice(NOW).await;
    let late = RuleDraft { late: Late::SendNow, ..practice.draft("two days before", hours(48)) };
    create(&practice.clinic, &staff(), &late).await.unwrap();
    practice.rule("day before", hours(24)).await;
    let visit = practice.booked("2026-06-10T14:00").await;
    practice.move_to(visit.id, "2026-06-02T09:00").await;
    let plan = practice.plan(visit.id).await;
    assert!(plan.steps[0].has(Why::SentLate) && plan.steps[0].send_at == Some(at(NOW)));
    assert!(plan.steps[1].has(Why::BookedTooLate));
}

/// E-17
#[tokio::test]
async fn a_reminder_that_waits_for_the_morning_survives_another_place() {
    let practice = practice("2026-06-10T01:30:00Z").await;
    practice.rule("two hours before", hours(2)).await;
    practice.rule("booking", Timing::AtBooking).await;
    // Booked at 21:30 in the evening: the confirmation waits until 08:00.
    let visit = practice.booked("2026-06-12T14:00").await;
    let first = practice.plan(visit.id).await;
    assert!(first.steps[0].has(Why::ShiftedOutOfQuietHours));
    practice.clock.advance(SignedDuration::from_mins(90));
    let starts_at = visit.starts_at;
    let location = Some(LocationId::FIRST);
    practice.change(visit.id, Change::Move { starts_at, ends_at: None, location, practitioner: None }).await;
    let plan = practice.plan(visit.id).await;
    assert_ne!(plan.steps[0].message, first.steps[0].message);
    let message = practice.message_of(&plan.steps[0]).await;
    assert_eq!((message.status, message.send_at), (Sent::Scheduled, at("2026-06-10T12:00:00Z")));
    let old = practice.message_of(&first.steps[0]).await;
    assert_eq!(old.ended.as_ref().unwrap().code, "APPOINTMENT_CHANGED");
}

/// E-17
#[tokio::test]
async fn the_hours_of_the_patient_count_where_they_are_known() {
    let practice = practice(NOW).await;
    practice.rule("day before", hours(24)).await;
    let visit = practice.booked("2026-06-10T09:00").await;
    assert_eq!(practice.plan(visit.id).await.steps[0].send_at, Some(at("2026-06-09T13:00:00Z")));
    // A patient who lives in Honolulu: 08:00 there is 14:00 in New York.
    let mut person = Person::new(visit.person, visit.origin.clone(), practice.clock.now());
    person.zone = Some("Pacific/Honolulu".parse().unwrap());
    let mut other = crate::seams::visit(NEW_YORK, "2026-06-10T09:30");
    other.created_at = practice.clock.now();
    let mut write = practice.clinic.write();
    write.create(&other);
    practice.reminders().replan(&mut write, None, &other, Some(&person)).await.unwrap();
    write.commit().await.unwrap();
    let step = practice.plan(other.id).await.steps[0].clone();
    assert_eq!(step.send_at, Some(at("2026-06-09T18:00:00Z")));
    assert_eq!((step.why[0].from, step.why[0].to), (Some(step.planned_at), step.send_at));
}

/// E-14
#[tokio::test]
async fn a_rule_that_goes_by_each_way_makes_one_message_for_each() {
    let practice = practice(NOW).await;
    let both = RuleDraft {
        channels: Channels::EachOf(vec![Channel::Email, Channel::Sms]),
        ..practice.draft("booking", Timing::AtBooking)
    };
    create(&practice.clinic, &staff(), &both).await.unwrap();
    practice.booked("2026-06-10T14:00").await;
    let mut routes: Vec<_> = practice.messages().await.iter().map(|m| format!("{:?}", m.route)).collect();
    routes.sort_unstable();
    let only = |channel| format!("{:?}", Route::Only(channel));
    assert_eq!(routes, [only(Channel::Email), only(Channel::Sms)]);
}

#[tokio::test]
async fn a_clinic_without_rules_and_visits_of_the_past_get_no_plan() {
    let practice = practice(NOW).await;
    let visit = practice.booked("2026-06-10T14:00").await;
    assert!(!practice.has_plan(visit.id).await);
    practice.rule("day before", hours(24)).await;
    let past = crate::seams::visit(NEW_YORK, "2016-06-10T14:00");
    practice.book(&past).await;
    assert!(!practice.has_plan(past.id).await);
}

#[tokio::test]
async fn rules_are_never_read_for_the_visits_of_another_clinic() {
    let practice = with_rules().await;
    let other = practice.platform.table.of(kernel::ClinicId::FIRST);
    let mut write = other.write();
    let visit = visit(NEW_YORK, "2026-06-10T14:00");
    assert!(practice.reminders().replan(&mut write, None, &visit, None).await.is_err());
    assert!(write.is_empty());
}
