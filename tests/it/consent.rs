//! Who gets nothing, who gets it later, and who gets it for somebody else.

use automations::rules::{Timing, Unit};
use kernel::Channel;
use messaging::{Draft, Route, Status};
use testkit::{House, at, hours, minutes, staff};

fn before(amount: u32) -> Timing {
    Timing::Before { amount, unit: Unit::Hours, at: None }
}

/// D-07
#[tokio::test]
async fn an_opt_out_stops_what_waits_for_everybody_on_the_number() {
    let house = House::new(70).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let ben = house.patient("Ben").with_text("(212) 555-0123").who_agreed().await;
    let eva = house.patient("Eva").with_text("+12125550124").who_agreed().await;
    let then = at("2026-06-08T16:00:00Z");
    let of_ana = ana.is_written_for(then, "Hello Ana").await;
    let of_ben = ben.is_written_for(then, "Hello Ben").await;
    let of_eva = eva.is_written_for(then, "Hello Eva").await;
    ana.replies("Stop").await;
    house.until("2026-06-08T16:10:00Z").await;
    for message in [of_ana, of_ben] {
        assert_eq!(
            (house.status(message).await, house.why(message).await.as_str()),
            (Status::Skipped, "OPTED_OUT")
        );
    }
    assert_eq!(house.status(of_eva).await, Status::Sent);
    // The carrier has confirmed it itself.
    assert_eq!(house.outbox().len(), 1);
}

/// D-07
#[tokio::test]
async fn an_opt_out_between_the_request_and_the_sender_is_in_time() {
    let house = House::new(71).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let message = ana.is_written("Hello").await;
    ana.revokes().await;
    house.settles().await;
    assert_eq!((house.status(message).await, house.outbox().len()), (Status::Skipped, 0));
}

/// D-09
#[tokio::test]
async fn the_words_that_end_begin_and_explain_messages_are_answered_once_each() {
    let house = House::new(72).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    ana.replies("ayuda").await;
    assert!(house.last().text.contains("Bright Smiles") && house.last().text.contains("STOP"));
    ana.replies("please opt me out").await;
    assert!(ana.standing().await.opted_out());
    assert_eq!(house.outbox().len(), 2);
    assert!(house.last().text.contains("no more messages"), "{}", house.last().text);
    ana.replies("no more messages").await;
    assert_eq!(house.outbox().len(), 2);
    // The carrier answers its own words, and blocks and unblocks the number.
    house.time_passes(minutes(1)).await;
    ana.replies("START").await;
    assert!(!ana.standing().await.opted_out());
    house.time_passes(minutes(1)).await;
    ana.replies("STOP").await;
    assert!(ana.standing().await.opted_out());
    house.time_passes(minutes(1)).await;
    ana.replies("START").await;
    assert_eq!(house.outbox().len(), 2);
    let message = ana.is_written("Welcome back").await;
    house.settles().await;
    assert_eq!(house.status(message).await, Status::Sent);
    // Not a word to stop.
    let before = house.tasks().await.len();
    ana.replies("I'll stop by at 3").await;
    assert!(!ana.standing().await.opted_out());
    assert_eq!(house.tasks().await.len(), before + 1);
}

/// D-09
#[tokio::test]
async fn a_word_to_stop_is_confirmed_at_night_too() {
    let house = House::new(73).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.until("2026-06-09T06:00:00Z").await;
    ana.replies("alto").await;
    assert_eq!((house.outbox().len(), house.last().at), (1, at("2026-06-09T06:00:00Z")));
}

/// D-12, E-17
#[tokio::test]
async fn what_falls_into_the_night_goes_out_in_the_morning() {
    let house = House::new(74).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let automatic = |then: &str| Draft {
        send_at: at(then),
        source: messaging::Source::Reminder { rule: kernel::RuleId::FIRST },
        ..ana.text_of_staff("Please bring your card.")
    };
    let message = house.makes(automatic("2026-06-09T05:00:00Z")).await;
    house.until("2026-06-09T05:10:00Z").await;
    let kept = house.message(message).await;
    assert_eq!((kept.status, kept.send_at), (Status::Scheduled, at("2026-06-09T12:00:00Z")));
    assert_eq!(
        (kept.shifted_from, house.why(message).await.as_str()),
        (Some(at("2026-06-09T05:00:00Z")), "SHIFTED")
    );
    assert!(kept.attempts.is_empty());
    house.until("2026-06-09T12:05:00Z").await;
    assert_eq!((house.status(message).await, house.last().at), (Status::Sent, at("2026-06-09T12:00:00Z")));
    assert!(house.message(message).await.ended.is_none());
    // One that would come too late by then does not go out at all.
    let useless = Draft { not_after: Some(at("2026-06-10T07:00:00Z")), ..automatic("2026-06-10T05:00:00Z") };
    let message = house.makes(useless).await;
    house.until("2026-06-10T13:00:00Z").await;
    assert_eq!(
        (house.status(message).await, house.why(message).await.as_str()),
        (Status::Skipped, "QUIET_HOURS_TOO_LATE")
    );
}

/// D-16
#[tokio::test]
async fn a_pause_keeps_automatic_messages_back_and_lets_staff_write() {
    let house = House::new(75).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let pause = people::person::Pause {
        at: house.clock.now(),
        by: "tests".to_owned(),
        until: Some(at("2026-06-08T20:00:00Z")),
        reason: "moving house".into(),
    };
    people::persons::pause(&house.table, &staff(), ana.id, None, &pause).await.unwrap();
    let early = ana.books("2026-06-08T15:00").await.reminder().await;
    let late = ana.books("2026-06-08T19:00").await.reminder().await;
    let by_hand = ana.is_written("Call us when you are settled.").await;
    house.until("2026-06-08T22:00:00Z").await;
    assert_eq!(
        (house.status(early.id).await, house.why(early.id).await.as_str()),
        (Status::Skipped, "AUTOMATION_PAUSED")
    );
    assert_eq!(house.status(by_hand).await, Status::Sent);
    // The pause has ended by itself.
    assert_eq!(house.status(late.id).await, Status::Sent);
}

/// D-17
#[tokio::test]
async fn nobody_writes_to_who_is_not_to_be_contacted() {
    let house = House::new(76).await;
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    let wish = people::person::NoContact {
        at: house.clock.now(),
        by: "usr".to_owned(),
        reason: "said so on the phone".to_owned().into(),
    };
    people::persons::do_not_contact(&house.table, &staff(), ana.id, None, Some(&wish)).await.unwrap();
    for route in [Route::Only(Channel::Sms), Route::Only(Channel::Email), Route::Auto] {
        let message = house.makes(Draft { route, ..ana.text_of_staff("Hello") }).await;
        house.settles().await;
        assert_eq!(
            (house.status(message).await, house.why(message).await.as_str()),
            (Status::Skipped, "DO_NOT_CONTACT")
        );
    }
    assert!(house.providers.heard().is_empty());
}

/// D-23
#[tokio::test]
async fn about_a_child_its_guardian_is_written_to_and_answers() {
    let house = House::new(77).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let rosa = house.patient("Rosa").with_text("+12125550125").who_agreed().await;
    // Leo has a number of his own, which is left alone.
    let leo =
        house.patient("Leo").born("2014-06-30").child_of(&rosa).with_text("+12125550126").who_agreed().await;
    let visit = leo.books("2026-06-08T15:00").await;
    let message = visit.reminder().await;
    house.until("2026-06-08T17:05:00Z").await;
    assert_eq!(house.last().to, rosa.text);
    let kept = house.message(message.id).await;
    assert_eq!((kept.person, kept.recipient), (leo.id, Some(rosa.id)));
    assert!(house.last().text.contains("Leo"), "{}", house.last().text);
    rosa.replies("C").await;
    let record = visit.record().await;
    assert_eq!(record.confirmation.answer, people::appointments::Answer::Confirmed);
    assert_eq!(record.confirmation.by, Some(rosa.id.to_string()));
}

/// D-23, D-07
#[tokio::test]
async fn the_consent_that_counts_for_a_child_is_its_guardians() {
    let house = House::new(78).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let rosa = house.patient("Rosa").with_text("+12125550125").who_agreed().await;
    let leo =
        house.patient("Leo").born("2014-06-30").child_of(&rosa).with_text("+12125550126").who_agreed().await;
    let message = leo.books("2026-06-08T15:00").await.reminder().await;
    rosa.replies("STOP").await;
    house.time_passes(hours(4)).await;
    assert_eq!(
        (house.status(message.id).await, house.why(message.id).await.as_str()),
        (Status::Skipped, "OPTED_OUT")
    );
    assert!(house.outbox().is_empty());
}

/// D-12
#[tokio::test]
async fn the_hours_of_the_clinic_count_as_well() {
    let house = House::new(79).await;
    house.sets(|clinic| clinic.window.from = "10:30".parse().unwrap()).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let draft = Draft {
        source: messaging::Source::Reminder { rule: kernel::RuleId::FIRST },
        ..ana.text_of_staff("Please bring your card.")
    };
    let message = house.makes(draft).await;
    house.time_passes(minutes(10)).await;
    assert_eq!(house.status(message).await, Status::Scheduled);
    house.time_passes(minutes(20)).await;
    assert_eq!(house.last().at, at("2026-06-08T14:30:00Z"));
}
