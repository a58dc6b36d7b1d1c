//! Making a message, the way it takes, the tries, taking it back.

use automations::rules::{Timing, Unit};
use consent::Verdict;
use kernel::Channel;
use messaging::{AttemptStatus, Body, Draft, Route, Status};
use people::appointments::Status as Visits;
use providers::ErrorClass;
use testkit::{Answer, Fuse, House, Trace, at, hours, minutes, staff};

fn before(amount: u32) -> Timing {
    Timing::Before { amount, unit: Unit::Hours, at: None }
}

///
#[tokio::test]
async fn the_way_is_chosen_by_the_facts_and_the_decision_is_kept() {
    let house = House::new(1).await;
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    ana.prefers(&[Channel::Email, Channel::Sms]).await;
    let draft = Draft { route: Route::Auto, ..ana.text_of_staff("Your retainer is ready.") };
    let message = house.makes(draft).await;
    house.settles().await;
    assert_eq!(house.last().channel, Channel::Email);
    let kept = house.message(message).await;
    let decision = kept.decision.as_ref().unwrap();
    assert_eq!((kept.status, decision.verdict()), (Status::Sent, Verdict::Allow));
    assert_eq!(
        (decision.channel(), decision.contact()),
        (Some(Channel::Email), Some(ana.record().await.contacts[1].id))
    );
    assert!(!decision.rules().is_empty());
}

///
#[tokio::test]
async fn where_no_way_leads_to_somebody_the_desk_sees_it() {
    let house = House::new(2).await;
    let max = house.patient("Max").without_consent().await;
    let message = house
        .makes(Draft {
            route: Route::FirstOf(vec![Channel::Sms, Channel::Email]),
            ..max.text_of_staff("Hello")
        })
        .await;
    house.settles().await;
    assert!(house.providers.heard().is_empty());
    assert_eq!(
        (house.status(message).await, house.why(message).await.as_str()),
        (Status::Skipped, "NO_ADDRESS")
    );
    let desk = house.not_sent().await;
    assert_eq!((desk.len(), desk[0].message, desk[0].code.as_str()), (1, message, "NO_ADDRESS"));
    assert!(house.message(message).await.attempts.is_empty());
}

///
#[tokio::test]
async fn a_way_that_is_closed_gives_place_to_the_next_one() {
    let house = House::new(3).await;
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    ana.revokes().await;
    let draft = Draft {
        route: Route::FirstOf(vec![Channel::Sms, Channel::Email]),
        ..ana.text_of_staff("Your retainer is ready.")
    };
    let message = house.makes(draft).await;
    house.settles().await;
    assert_eq!(house.sent(message).unwrap().channel, Channel::Email);
}

///
#[tokio::test]
async fn what_a_provider_may_have_taken_is_never_sent_again() {
    for answer in [Answer::Silence, Answer::Away] {
        let house = House::new(4).await;
        let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
        house.providers.will(answer);
        let message = ana.is_written("Hello").await;
        house.settles().await;
        let kept = house.message(message).await;
        assert_eq!((kept.status, kept.attempts.len(), kept.attempts[0].n), (Status::Unknown, 1, 1));
        assert_eq!(kept.attempts[0].status, AttemptStatus::Unknown);
        assert_eq!(house.not_sent().await.len(), 1);
        house.time_passes(hours(3)).await;
        assert_eq!(house.providers.heard().len(), 1);
        // It was asked about and nobody knew: it stays on the desk.
        assert!(house.providers.looked_up() >= 3);
        assert_eq!((house.status(message).await, house.not_sent().await.len()), (Status::Unknown, 1));
    }
}

///
#[tokio::test]
async fn a_lost_answer_is_settled_by_asking_the_provider() {
    let house = House::new(5).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.providers.will(Answer::AcceptUnheard);
    let message = ana.is_written("Hello").await;
    house.settles().await;
    assert_eq!(house.status(message).await, Status::Unknown);
    house.time_passes(minutes(3)).await;
    let kept = house.message(message).await;
    assert_eq!(
        (kept.status, kept.attempts[0].provider_id.clone()),
        (Status::Sent, Some(house.last().provider_id))
    );
    assert!(kept.ended.is_none() && house.not_sent().await.is_empty());
    let asked = house.providers.looked_up();
    house.time_passes(hours(3)).await;
    assert_eq!((house.providers.looked_up(), house.outbox().len()), (asked, 1));
}

#[tokio::test]
async fn a_provider_is_not_asked_about_one_message_for_ever() {
    let house = House::new(6).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.providers.will(Answer::Silence);
    ana.is_written("Hello").await;
    house.time_passes(hours(24)).await;
    assert!(house.providers.looked_up() <= 15, "asked {} times", house.providers.looked_up());
}

///
#[tokio::test]
async fn a_busy_provider_is_tried_again_after_1_4_and_16_minutes() {
    let house = House::new(7).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.providers.always(Answer::Busy);
    let start = house.clock.now();
    let message = ana.is_written("Hello").await;
    house.time_passes(hours(2)).await;
    let tried: Vec<_> = house
        .providers
        .heard()
        .iter()
        .map(|sent| (sent.attempt, sent.at.duration_since(start).as_mins()))
        .collect();
    assert_eq!(tried, [(1, 0), (2, 1), (3, 5), (4, 21)]);
    let kept = house.message(message).await;
    assert_eq!(kept.status, Status::Failed);
    let numbers: Vec<_> = kept.attempts.iter().map(|attempt| (attempt.n, attempt.status)).collect();
    assert_eq!(numbers, [1, 2, 3, 4].map(|n| (n, AttemptStatus::Failed)));
    assert_eq!(house.not_sent().await[0].code, "20429");
}

/// A-05, E-20
#[tokio::test]
async fn a_reminder_is_tried_once_more_and_then_left_to_staff() {
    let house = House::new(25).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let message = ana.books("2026-06-08T15:00").await.reminder().await;
    house.providers.always(Answer::Busy);
    house.until("2026-06-08T18:00:00Z").await;
    let tried: Vec<_> = house.providers.heard().iter().map(|sent| sent.at.to_string()).collect();
    assert_eq!(tried, ["2026-06-08T17:00:00Z", "2026-06-08T17:01:00Z"]);
    assert_eq!((house.status(message.id).await, house.not_sent().await.len()), (Status::Failed, 1));
}

///
#[tokio::test]
async fn a_provider_that_was_never_reached_is_tried_again_until_it_is() {
    let house = House::new(8).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.providers.will(Answer::Unreachable);
    house.providers.will(Answer::Unreachable);
    let message = ana.is_written("Hello").await;
    house.time_passes(minutes(10)).await;
    let kept = house.message(message).await;
    assert_eq!((kept.status, kept.attempts.len(), house.outbox().len()), (Status::Sent, 3, 1));
    assert!(house.not_sent().await.is_empty());
}

///
#[tokio::test]
async fn what_will_not_fare_better_is_not_tried_again() {
    // Not a mobile; content; our own set-up; opted out at the provider; a cause we do not know once more.
    for (code, class, tries) in [
        ("21614", ErrorClass::Address, 1),
        ("21617", ErrorClass::Content, 1),
        ("21606", ErrorClass::Config, 1),
        ("21610", ErrorClass::OptOut, 1),
        ("99999", ErrorClass::TransientOnce, 2),
    ] {
        let house = House::new(9).await;
        let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
        house.providers.always(Answer::Refuse(code));
        let message = ana.is_written("Hello").await;
        house.time_passes(hours(1)).await;
        assert_eq!(house.providers.heard().len(), tries, "{code}");
        let kept = house.message(message).await;
        assert_eq!(kept.status, Status::Failed, "{code}");
        let error = kept.attempts[0].error.as_ref().unwrap();
        assert_eq!((error.class, error.code.as_deref()), (class, Some(code)));
        assert_eq!(house.not_sent().await.len(), 1);
        // What is said about the number or by its reader ends messages to it.
        let stopped = ana.standing().await.suppressed_since().is_some();
        assert_eq!(stopped, matches!(class, ErrorClass::Address | ErrorClass::OptOut), "{code}");
    }
}

///
#[tokio::test]
async fn each_further_try_looks_at_consent_again() {
    let house = House::new(10).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.providers.will(Answer::Busy);
    let message = ana.is_written("Hello").await;
    house.settles().await;
    ana.revokes().await;
    house.time_passes(minutes(5)).await;
    assert_eq!(house.providers.heard().len(), 1);
    assert_eq!(
        (house.status(message).await, house.why(message).await.as_str()),
        (Status::Skipped, "OPTED_OUT")
    );
    assert_eq!(house.message(message).await.attempts.len(), 1);
}

///
#[tokio::test]
async fn a_further_try_that_would_come_too_late_is_not_made() {
    let house = House::new(11).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.providers.always(Answer::Busy);
    let soon = house.clock.now() + minutes(3);
    let message = house.makes(Draft { not_after: Some(soon), ..ana.text_of_staff("Hello") }).await;
    house.time_passes(hours(1)).await;
    assert_eq!((house.providers.heard().len(), house.status(message).await), (2, Status::Failed));
}

///
#[tokio::test]
async fn a_further_try_is_moved_out_of_the_quiet_hours() {
    let house = House::new(12).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    // A minute before the hours in which texts may go end, at 20:00 on the clinic's clock.
    house.until("2026-06-08T23:59:00Z").await;
    house.providers.will(Answer::Busy);
    let message = ana.is_written("Hello").await;
    house.time_passes(minutes(30)).await;
    let kept = house.message(message).await;
    assert_eq!((kept.status, house.providers.heard().len()), (Status::Scheduled, 1));
    house.until("2026-06-09T12:30:00Z").await;
    assert_eq!((house.status(message).await, house.last().at), (Status::Sent, at("2026-06-09T12:00:00Z")));
}

///
#[tokio::test]
async fn a_message_for_later_waits_can_be_moved_and_goes_out_at_its_time() {
    let house = House::new(13).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let message = ana.is_written_for(at("2026-06-08T16:00:00Z"), "Hello").await;
    assert_eq!(house.status(message).await, Status::Scheduled);
    // Within the same minute, and then for good.
    for then in ["2026-06-08T16:00:30Z", "2026-06-08T16:00:10Z", "2026-06-08T17:00:00Z"] {
        messaging::reschedule(&house.table, &staff(), message, None, at(then)).await.unwrap();
    }
    house.until("2026-06-08T16:30:00Z").await;
    assert!(house.providers.heard().is_empty());
    house.until("2026-06-08T17:05:00Z").await;
    assert_eq!((house.last().message, house.last().at), (message, at("2026-06-08T17:00:00Z")));
    let late = messaging::reschedule(&house.table, &staff(), message, None, at("2026-06-08T18:00:00Z")).await;
    assert!(late.is_err());
}

///
#[tokio::test]
async fn consent_that_is_withdrawn_before_the_time_keeps_the_message_back() {
    let house = House::new(14).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let message = ana.is_written_for(at("2026-06-08T16:00:00Z"), "Hello").await;
    house.time_passes(hours(1)).await;
    ana.revokes().await;
    house.until("2026-06-08T17:00:00Z").await;
    assert!(house.providers.heard().is_empty());
    assert_eq!(
        (house.status(message).await, house.why(message).await.as_str()),
        (Status::Skipped, "OPTED_OUT")
    );
}

/// A-09, E-11
#[tokio::test]
async fn a_visit_that_is_moved_in_between_takes_its_message_along() {
    let house = House::new(15).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    let first = visit.reminder().await;
    visit.moves("2026-06-10T15:00").await;
    house.until("2026-06-08T18:30:00Z").await;
    assert!(house.outbox().is_empty());
    assert_eq!(
        (house.status(first.id).await, house.why(first.id).await.as_str()),
        (Status::Cancelled, "APPOINTMENT_MOVED")
    );
    house.until("2026-06-08T19:30:00Z").await;
    assert_eq!((house.outbox().len(), house.last().at), (1, at("2026-06-08T19:00:00Z")));
    assert!(house.last().text.contains("3:00"), "{}", house.last().text);
}

///
#[tokio::test]
async fn the_segments_of_a_text_are_told_after_it_was_written() {
    let house = House::new(16).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    for (text, segments) in
        [("Hello".to_owned(), 1), ("ñ 你好".to_owned(), 1), ("a".repeat(161), 2), ("你".repeat(71), 2)]
    {
        let message = ana.is_written(&text).await;
        house.settles().await;
        let kept = house.message(message).await;
        assert_eq!(kept.said.as_ref().unwrap().segments, Some(segments));
        assert_eq!(house.last().text, text);
    }
    let long =
        messaging::create(&house.platform, &house.table, &staff(), ana.text_of_staff(&"a".repeat(1_601)))
            .await;
    assert!(long.is_err());
}

///
#[tokio::test]
async fn what_was_sent_stays_word_for_word_when_the_template_changes() {
    let house = House::new(17).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    let message = visit.reminder().await;
    house.until("2026-06-08T18:05:00Z").await;
    let sent = house.sent(message.id).unwrap();
    let Some(Body::Template { template, version, .. }) = house.message(message.id).await.body.clone() else {
        panic!("a template")
    };
    assert_eq!(house.rewrites(template, "quite other words:").await, version + 1);
    let kept = house.message(message.id).await;
    assert_eq!(kept.said.as_ref().unwrap().text.reveal(), &sent.text);
    assert!(sent.text.contains("reply C to confirm"), "{}", sent.text);
    assert_eq!(kept.body, message.body);
    assert_eq!(
        (kept.attempts.len(), kept.attempts[0].provider_id.as_deref()),
        (1, Some(sent.provider_id.as_str()))
    );
}

///
#[tokio::test]
async fn the_category_of_a_message_decides_which_consent_it_needs() {
    let house = House::new(18).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let care = ana.is_written("Your retainer is ready.").await;
    let offer =
        Draft { category: kernel::Category::Marketing, ..ana.text_of_staff("Whiter teeth for less!") };
    let offer = house.makes(offer).await;
    house.settles().await;
    assert_eq!(house.status(care).await, Status::Sent);
    assert_eq!((house.status(offer).await, house.why(offer).await.as_str()), (Status::Skipped, "NO_CONSENT"));
    assert_eq!(house.outbox().len(), 1);
}

///
#[tokio::test]
async fn a_message_is_taken_back_before_a_sender_holds_it_and_not_after() {
    let house = House::new(19).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    // Taken back first: the request that is in the queue finds nothing to do.
    let first = ana.is_written("Hello").await;
    let taken = messaging::cancel(&house.table, &staff(), first, None).await.unwrap();
    assert_eq!(taken.status, Status::Cancelled);
    house.settles().await;
    assert!(house.providers.heard().is_empty());
    // Taken back again: the same.
    messaging::cancel(&house.table, &staff(), first, None).await.unwrap();
    // The sender holds it: it is too late, and it goes out.
    let second = ana.is_written("Hello again").await;
    house.providers.will(Answer::AcceptSlowly);
    let meanwhile = async {
        house.providers.is_called().await;
        let refused = messaging::cancel(&house.table, &staff(), second, None).await.unwrap_err();
        assert_eq!(kernel::Fault::kind(&refused), kernel::Kind::Conflict);
        house.providers.go_on();
    };
    tokio::join!(house.settles(), meanwhile);
    assert_eq!((house.status(second).await, house.outbox().len()), (Status::Sent, 1));
}

///
#[tokio::test]
async fn of_a_sender_and_somebody_who_takes_a_message_back_one_wins_and_never_both() {
    let (mut sent, mut cancelled) = (0, 0);
    let house = House::new(26).await;
    let trace = Trace::default();
    let (fuse, other) = (Fuse::of("sender", &trace), Fuse::of("staff", &trace));
    let work = sender::Work::on(&house.worker(&fuse));
    let table = house.worker(&other).table.of(house.table.clinic());
    let actor = staff();
    for seed in 1..40 {
        let ana =
            house.patient(&format!("P{seed}")).with_text(&format!("+1212555{seed:04}")).who_agreed().await;
        let message = ana.is_written("Hello").await;
        let jobs = house.queue.take(kernel::Lane::Outbound, 10);
        let requests = jobs.iter().map(|job| job.job.clone()).collect();
        fuse.arm(None, seed);
        other.arm(None, seed * 31 + 7);
        let (worked, taken) =
            tokio::join!(work.run(requests), messaging::cancel(&table, &actor, message, None));
        house.queue.settle(jobs.into_iter().zip(worked).collect());
        house.settles().await;
        match house.status(message).await {
            Status::Sent => {
                assert!(taken.is_err() && house.sent(message).is_some());
                sent += 1;
            }
            Status::Cancelled => {
                assert!(taken.is_ok() && house.sent(message).is_none());
                cancelled += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(sent > 3 && cancelled > 3, "both orders were met: {sent} sent, {cancelled} taken back");
}

///
#[tokio::test]
async fn sending_anew_makes_a_linked_message_of_its_own_and_only_one() {
    let house = House::new(20).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.providers.will(Answer::Refuse("21617"));
    let first = ana.is_written("Hello").await;
    house.settles().await;
    let new = house.clock.id();
    for _ in 0..2 {
        let again =
            messaging::resend(&house.platform, &house.table, &staff(), first, new, "tests").await.unwrap();
        assert_eq!((again.id, again.resend_of), (new, Some(first)));
        house.settles().await;
    }
    assert_eq!((house.status(first).await, house.status(new).await), (Status::Failed, Status::Sent));
    assert_eq!(house.outbox().len(), 1);
    // What has gone out well is not sent anew.
    let other = ana.is_written("Hi").await;
    house.settles().await;
    let refused =
        messaging::resend(&house.platform, &house.table, &staff(), other, house.clock.id(), "tests").await;
    assert!(refused.is_err());
    // An id that is taken by something else is no success.
    let taken = messaging::resend(&house.platform, &house.table, &staff(), first, other, "tests").await;
    assert!(taken.is_err());
}

///
#[tokio::test]
async fn a_message_keeps_the_time_of_each_status_it_came_into() {
    let house = House::new(21).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let message = ana.is_written_for(at("2026-06-08T15:00:00Z"), "Hello").await;
    house.until("2026-06-08T15:01:00Z").await;
    house.provider_says(&house.last(), "delivered").await;
    house.time_passes(minutes(1)).await;
    house.provider_says(&house.last(), "read").await;
    let times: Vec<_> =
        house.message(message).await.times.iter().map(|(status, at)| (*status, at.to_string())).collect();
    let wanted = [
        (Status::Scheduled, "2026-06-08T14:00:00Z"),
        (Status::Sending, "2026-06-08T15:00:00Z"),
        (Status::Sent, "2026-06-08T15:00:00Z"),
        (Status::Delivered, "2026-06-08T15:01:00Z"),
        (Status::Read, "2026-06-08T15:02:00Z"),
    ];
    assert_eq!(times, wanted.map(|(status, at)| (status, at.to_owned())));
}

///
#[tokio::test]
async fn a_message_whose_time_has_passed_expires() {
    let house = House::new(22).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-08T14:00").await;
    let message = visit.reminder().await;
    // Nothing runs for a while: the process was away from before the message was due until after the visit.
    house.clock.advance(hours(5));
    house.time_passes(minutes(2)).await;
    assert_eq!(house.status(message.id).await, Status::Expired);
    assert!(house.outbox().is_empty());
    assert_eq!(house.not_sent().await[0].code, "EXPIRED");
}

///
#[tokio::test]
async fn what_became_due_while_nothing_ran_goes_out_afterwards() {
    let house = House::new(23).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let message = ana.is_written_for(at("2026-06-08T15:00:00Z"), "Hello").await;
    house.clock.advance(hours(3));
    house.time_passes(minutes(2)).await;
    assert_eq!((house.status(message).await, house.outbox().len()), (Status::Sent, 1));
}

///
#[tokio::test]
async fn a_visit_that_is_over_when_its_message_comes_up_gets_none() {
    let house = House::new(24).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-08T14:00").await;
    let message = visit.reminder().await;
    visit.becomes(Visits::Cancelled).await;
    house.until("2026-06-08T17:00:00Z").await;
    assert_eq!((house.status(message.id).await, house.outbox().len()), (Status::Cancelled, 0));
}
