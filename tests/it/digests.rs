//! What somebody does not want at once is collected into one message.

use consent::{
    Frequency,
    preference::{Preference, Source as Said},
};
use kernel::{Category, Channel};
use messaging::{Draft, Message, Status, send_or_collect, take_out};
use testkit::{House, Patient, minutes, staff};

async fn wants(house: &House, patient: &Patient<'_>, often: Frequency) {
    let wish = Preference {
        channels: Some(vec![Channel::Sms]),
        frequency: [(Channel::Sms, often)].into(),
        ..Preference::default()
    };
    consent::set_preferences(&house.table, patient.id, 0, wish, Said::Staff, &staff()).await.unwrap();
}

async fn writes(house: &House, draft: Draft) -> Message {
    send_or_collect(&house.platform, &house.table, &staff(), draft).await.unwrap()
}

/// D-02
#[tokio::test]
async fn a_digest_goes_out_once_on_the_clinics_morning_with_all_that_came_up() {
    let house = House::new(210).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    wants(&house, &ana, Frequency::Daily).await;
    let first = writes(&house, ana.text_of_staff("Your permit is here.")).await;
    house.clock.advance(minutes(30));
    let second = writes(&house, ana.text_of_staff("We are closed on Friday.")).await;
    assert_eq!((first.id, second.pieces.len()), (second.id, 2));
    house.settles().await;
    assert!(house.providers.heard().is_empty(), "it waits");
    house.until(&second.send_at.to_string()).await;
    // The tick comes twice, and everything it caused is told twice.
    house.ticks().await;
    house.settles().await;
    house.ticks().await;
    house.settles().await;
    let heard = house.providers.heard();
    assert_eq!(heard.len(), 1, "one message, once");
    assert_eq!(house.status(first.id).await, Status::Sent);
    let said = house.message(first.id).await.said.clone().unwrap();
    assert_eq!(said.text.reveal(), "Your permit is here.\n\nWe are closed on Friday.");
    // What comes up now waits for the next morning.
    let third = writes(&house, ana.text_of_staff("One more thing.")).await;
    assert!(third.id != first.id && third.send_at > second.send_at);
}

/// D-02
#[tokio::test]
async fn what_is_about_a_visit_does_not_wait_and_a_digest_with_nothing_in_it_is_not_sent() {
    let house = House::new(211).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    wants(&house, &ana, Frequency::Weekly).await;
    let visit = Draft { category: Category::Appointment, ..ana.text_of_staff("We moved your visit.") };
    let visit = writes(&house, visit).await;
    let piece = ana.text_of_staff("Your permit is here.");
    let id = piece.id;
    let digest = writes(&house, piece).await;
    house.settles().await;
    assert_eq!(house.status(visit.id).await, Status::Sent);
    assert_eq!(house.status(digest.id).await, Status::Scheduled);
    take_out(&house.table, &staff(), digest.id, id).await.unwrap();
    house.until(&digest.send_at.to_string()).await;
    house.settles().await;
    assert_eq!(house.status(digest.id).await, Status::Cancelled);
    assert_eq!(house.providers.heard().len(), 1, "the one about the visit");
}

/// D-02, D-07
#[tokio::test]
async fn who_has_opted_out_meanwhile_gets_no_digest() {
    let house = House::new(212).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    wants(&house, &ana, Frequency::Daily).await;
    let digest = writes(&house, ana.text_of_staff("Your permit is here.")).await;
    ana.revokes().await;
    house.until(&digest.send_at.to_string()).await;
    house.settles().await;
    assert_eq!(house.status(digest.id).await, Status::Skipped);
    assert!(house.providers.heard().is_empty());
}

/// D-02
#[tokio::test]
async fn those_who_write_at_once_and_those_who_die_lose_nothing_and_double_nothing() {
    let house = House::new(213).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    wants(&house, &ana, Frequency::Daily).await;
    let one = ana.text_of_staff("One.");
    let drafts = ["Two.", "Three.", "Four."].map(|text| ana.text_of_staff(text));
    let [two, three, four] = drafts;
    let all = [one.clone(), two, three, four];
    let at_once = all.iter().cloned().map(|draft| writes(&house, draft));
    futures::future::join_all(at_once).await;
    // Whoever asked died before the answer came, and asks again.
    let digest = writes(&house, one.clone()).await;
    assert_eq!(digest.pieces.len(), 4);
    house.until(&digest.send_at.to_string()).await;
    house.settles().await;
    assert_eq!(house.providers.heard().len(), 1);
    // Even after it went out, and whatever she wants by now.
    assert_eq!(writes(&house, one).await.id, digest.id);
    house.settles().await;
    assert_eq!(house.providers.heard().len(), 1);
}
