use kernel::{Fault, Kind};
use people::appointments::{self, Change, How, Status};

use super::*;
use crate::{
    confirm::Answer,
    seams::{Practice, at, practice},
};

const SECRET: &[u8] = b"a secret of the clinic";

async fn with_a_link(purpose: Purpose) -> (Practice, kernel::AppointmentId, String) {
    let practice = practice("2026-06-01T14:00:00Z").await;
    let visit = practice.booked("2026-06-10T14:00").await;
    let link = Link { clinic: practice.clinic.clinic(), appointment: visit.id, generation: 1, purpose };
    (practice, visit.id, make(SECRET, &link))
}

async fn looked(practice: &Practice, text: &str) -> Result<Looked, LinkFault> {
    look(&practice.platform.table, &[SECRET], &LinkLife::default(), text).await
}

async fn acted(practice: &Practice, text: &str, said: Answer) -> Result<crate::confirm::Answered, LinkFault> {
    act(&practice.platform.table, &[SECRET], &LinkLife::default(), text, said).await
}

fn gone(fault: &LinkFault) -> (Kind, &'static str, String) {
    (
        fault.kind(),
        fault.code(),
        fault.details().first().map(|detail| detail.says.clone()).unwrap_or_default(),
    )
}

/// E-18, E-22
#[tokio::test]
async fn looking_changes_nothing_and_acting_confirms_once() {
    let (practice, id, text) = with_a_link(Purpose::Confirm).await;
    for _ in 0..3 {
        let looked = looked(&practice, &text).await.unwrap();
        assert_eq!(looked.said, appointments::Answer::Unconfirmed);
        assert_eq!(looked.phone.unwrap().as_str(), "+12125550100");
    }
    assert_eq!(practice.visit(id).await.rev(), 1);
    assert!(!acted(&practice, &text, Answer::Confirm).await.unwrap().again);
    let kept = practice.visit(id).await;
    assert_eq!((kept.status, kept.confirmation.how), (Status::Confirmed, Some(How::Link)));
    assert!(acted(&practice, &text, Answer::Confirm).await.unwrap().again);
}

/// E-22
#[tokio::test]
async fn a_used_link_is_gone_and_tells_whom_to_call() {
    let (practice, _, text) = with_a_link(Purpose::Reschedule).await;
    assert_eq!(looked(&practice, &text).await.unwrap().offers, [Answer::Reschedule]);
    let fault = acted(&practice, &text, Answer::Confirm).await.unwrap_err();
    assert_eq!(fault.code(), "answer_not_offered");
    assert!(acted(&practice, &text, Answer::Reschedule).await.unwrap().task.is_some());
    let expected = (Kind::Gone, "link_used", "+12125550100".to_owned());
    assert_eq!(gone(&looked(&practice, &text).await.unwrap_err()), expected);
    assert_eq!(gone(&acted(&practice, &text, Answer::Reschedule).await.unwrap_err()), expected);
}

/// E-22
#[tokio::test]
async fn a_link_dies_with_the_time_it_was_made_for() {
    let (practice, id, text) = with_a_link(Purpose::Reschedule).await;
    practice.move_to(id, "2026-06-11T14:00").await;
    let phone = "+12125550100".to_owned();
    let fault = looked(&practice, &text).await.unwrap_err();
    assert_eq!(gone(&fault), (Kind::Gone, "link_visit_moved", phone.clone()));
    practice.change(id, Change::Status { to: Status::Cancelled, reason: None }).await;
    let fault = acted(&practice, &text, Answer::Reschedule).await.unwrap_err();
    assert_eq!(gone(&fault), (Kind::Gone, "link_visit_closed", phone));
}

/// E-19, E-22
#[tokio::test]
async fn a_link_to_confirm_dies_a_day_before_and_one_to_reschedule_at_the_start() {
    for (purpose, last, code) in [
        (Purpose::Confirm, "2026-06-09T18:00:00Z", "link_expired"),
        (Purpose::Reschedule, "2026-06-10T18:00:00Z", "link_visit_closed"),
    ] {
        let (practice, _, text) = with_a_link(purpose).await;
        let left = at(last).duration_since(practice.clock.now());
        practice.clock.advance(left - jiff::SignedDuration::from_secs(1));
        assert!(looked(&practice, &text).await.is_ok());
        practice.clock.advance(jiff::SignedDuration::from_secs(1));
        let fault = looked(&practice, &text).await.unwrap_err();
        assert_eq!(gone(&fault), (Kind::Gone, code, "+12125550100".to_owned()));
    }
}

/// E-22
#[tokio::test]
async fn a_forged_link_tells_nothing() {
    let (practice, id, _) = with_a_link(Purpose::Confirm).await;
    let link =
        Link { clinic: practice.clinic.clinic(), appointment: id, generation: 1, purpose: Purpose::Confirm };
    let fault = looked(&practice, &make(b"another secret", &link)).await.unwrap_err();
    assert_eq!((fault.kind(), fault.details().len()), (Kind::NotFound, 0));
    let elsewhere = Link { clinic: kernel::ClinicId::FIRST, ..link };
    assert_eq!(looked(&practice, &make(SECRET, &elsewhere)).await.unwrap_err().code(), "link_unknown");
}
