//! From a booking to an answer, on a clock that is moved.

use automations::rules::{self, Channels, Late, RuleDraft, Timing, Unit};
use kernel::Channel;
use messaging::{Body, Status, desk::TaskKind};
use people::appointments::{Answer, Status as Visits};
use testkit::{House, at, hours, minutes, staff};

fn before(amount: u32) -> Timing {
    Timing::Before { amount, unit: Unit::Hours, at: None }
}

fn morning() -> Timing {
    Timing::Before { amount: 0, unit: Unit::Days, at: Some("08:00".parse().unwrap()) }
}

/// E-15, E-14, E-09, E-12
#[tokio::test]
async fn a_visit_gets_its_confirmation_its_question_and_its_word_in_the_morning() {
    let house = House::new(80).await;
    rules::apply_presets(&house.table, &staff()).await.unwrap();
    house.time_passes(minutes(12)).await;
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    let visit = ana.books("2026-06-11T14:00").await;
    house.time_passes(minutes(1)).await;
    let mut first: Vec<_> = house.outbox().into_iter().map(|sent| sent.channel).collect();
    first.sort_unstable();
    assert_eq!(first, [Channel::Sms, Channel::Email]);
    house.until("2026-06-11T20:00:00Z").await;
    let sent = house.outbox();
    let times: Vec<_> = sent.iter().map(|sent| sent.at.to_string()).collect();
    assert_eq!(
        times,
        ["2026-06-08T14:13:00Z", "2026-06-08T14:13:00Z", "2026-06-09T18:00:00Z", "2026-06-11T12:00:00Z"]
    );
    for text in sent.iter().filter(|sent| sent.channel == Channel::Sms) {
        assert!(text.text.chars().count() <= 133, "{}", text.text);
        assert!(text.text.contains("Ana") && text.text.contains("Bright Smiles"), "{}", text.text);
    }
    assert_eq!(visit.planned().await.len(), 4);
}

/// E-09
#[tokio::test]
async fn a_reminder_is_sent_once_however_often_the_tick_runs() {
    let house = House::new(81).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    ana.books("2026-06-08T15:00").await;
    house.until("2026-06-08T16:59:00Z").await;
    house.clock.advance(minutes(1));
    for _ in 0..5 {
        house.ticks().await;
        house.ticks().await;
        house.settles().await;
    }
    house.time_passes(hours(1)).await;
    assert_eq!((house.providers.heard().len(), house.last().at), (1, at("2026-06-08T17:00:00Z")));
}

/// E-18
#[tokio::test]
async fn a_visit_waits_for_an_answer_once_the_question_went_out_and_a_c_confirms_it() {
    let house = House::new(82).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    assert_eq!(visit.answer().await, Answer::Unconfirmed);
    house.until("2026-06-08T18:05:00Z").await;
    assert_eq!(visit.answer().await, Answer::Pending);
    ana.replies("C").await;
    let confirmation = visit.record().await.confirmation.clone();
    assert_eq!((confirmation.answer, confirmation.by), (Answer::Confirmed, Some(ana.id.to_string())));
    assert_eq!(confirmation.at, Some(at("2026-06-08T18:05:00Z")));
    assert!(house.tasks().await.is_empty());
    // No thank-you: one text went out.
    assert_eq!(house.outbox().len(), 1);
}

/// E-18
#[tokio::test]
async fn a_question_whose_answer_got_lost_was_asked_all_the_same() {
    let house = House::new(83).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    house.providers.will(testkit::Answer::AcceptUnheard);
    house.until("2026-06-08T18:01:00Z").await;
    house.provider_says(&house.last(), "delivered").await;
    assert_eq!(visit.answer().await, Answer::Pending);
}

/// E-19
#[tokio::test]
async fn an_r_asks_staff_for_another_time() {
    let house = House::new(84).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    house.until("2026-06-08T18:05:00Z").await;
    ana.replies("R").await;
    let tasks = house.tasks().await;
    assert_eq!((tasks.len(), tasks[0].kind, tasks[0].person), (1, TaskKind::Reschedule, ana.id));
    assert_eq!(tasks[0].appointment, Some(visit.id));
    assert_eq!((visit.answer().await, visit.record().await.status), (Answer::Pending, Visits::Scheduled));
    // The patient hears that somebody reads it.
    assert_eq!(house.outbox().len(), 2);
}

/// E-19
#[tokio::test]
async fn a_no_is_noted_and_for_staff_to_act_on() {
    let house = House::new(85).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    house.until("2026-06-08T18:05:00Z").await;
    ana.replies("No").await;
    assert_eq!((visit.answer().await, visit.record().await.status), (Answer::Declined, Visits::Scheduled));
    assert_eq!(house.tasks().await[0].kind, TaskKind::Declined);
}

/// D-09, E-18
#[tokio::test]
async fn a_stop_to_a_reminder_ends_the_ones_that_were_to_follow() {
    let house = House::new(86).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    house.has_rule(&house.rule("morning", morning())).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    let planned = visit.planned().await;
    house.until("2026-06-08T18:05:00Z").await;
    ana.replies("STOP").await;
    house.until("2026-06-10T20:00:00Z").await;
    assert_eq!(house.status(planned[0]).await, Status::Sent);
    assert_eq!(
        (house.status(planned[1]).await, house.why(planned[1]).await.as_str()),
        (Status::Skipped, "OPTED_OUT")
    );
    assert_eq!(house.outbox().len(), 1);
}

/// E-18
#[tokio::test]
async fn an_unclear_answer_becomes_a_task_and_gets_a_polite_word() {
    let house = House::new(87).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    house.until("2026-06-08T18:05:00Z").await;
    ana.replies("yes but can we do 3pm?").await;
    let tasks = house.tasks().await;
    assert_eq!((tasks.len(), tasks[0].kind), (1, TaskKind::ReadReply));
    assert_eq!((visit.answer().await, house.outbox().len()), (Answer::Pending, 2));
}

/// E-20
#[tokio::test]
async fn what_is_pointless_after_a_confirmation_is_not_sent() {
    let house = House::new(88).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let asks_again = RuleDraft { skip_if_confirmed: true, ..house.rule("day before", before(24)) };
    house.has_rule(&asks_again).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    let planned = visit.planned().await;
    house.until("2026-06-08T18:05:00Z").await;
    ana.replies("C").await;
    assert_eq!(house.why(planned[1]).await, "APPOINTMENT_CONFIRMED");
    house.until("2026-06-10T19:00:00Z").await;
    assert_eq!((house.status(planned[1]).await, house.outbox().len()), (Status::Cancelled, 1));
}

/// E-20, E-11
#[tokio::test]
async fn a_visit_that_is_called_off_gets_no_more_messages() {
    let house = House::new(89).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    house.has_rule(&house.rule("morning", morning())).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    house.until("2026-06-08T18:05:00Z").await;
    visit.becomes(Visits::Cancelled).await;
    house.until("2026-06-10T19:00:00Z").await;
    assert_eq!(house.outbox().len(), 1);
}

/// E-10
#[tokio::test]
async fn the_status_of_the_visit_is_looked_at_once_more_when_the_message_comes_up() {
    let house = House::new(90).await;
    let only_booked =
        RuleDraft { statuses: vec![Visits::Scheduled], ..house.rule("two hours before", before(2)) };
    house.has_rule(&only_booked).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-08T15:00").await;
    let message = visit.reminder().await;
    // The sender holds the message already when the visit becomes another one.
    house.until("2026-06-08T16:59:00Z").await;
    house.clock.advance(minutes(1));
    house.ticks().await;
    let fuse = testkit::Fuse::new(None, 3);
    let work = sender::Work::on(&house.worker(&fuse));
    let jobs = house.queue.take(kernel::Lane::Outbound, 10);
    let requests = jobs.iter().map(|job| job.job.clone()).collect();
    let change = async {
        while fuse.calls() < 3 {
            tokio::task::yield_now().await;
        }
        visit.becomes(Visits::Confirmed).await;
    };
    let (worked, ()) = tokio::join!(work.run(requests), change);
    house.queue.settle(jobs.into_iter().zip(worked).collect());
    house.settles().await;
    assert_eq!((house.status(message.id).await, house.outbox().len()), (Status::Cancelled, 0));
}

/// E-17
#[tokio::test]
async fn a_word_for_an_early_visit_goes_out_the_evening_before() {
    let house = House::new(91).await;
    house.has_rule(&house.rule("an hour before", before(1))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T07:30").await;
    let planned = visit.reminder().await.send_at;
    house.until("2026-06-10T12:00:00Z").await;
    let sent = house.last();
    assert_eq!(sent.at, planned);
    // On the evening of the 9th on the clinic's clock, before the window ends.
    assert!(sent.at > at("2026-06-09T21:00:00Z") && sent.at < at("2026-06-10T01:00:00Z"), "{}", sent.at);
}

/// E-08
#[tokio::test]
async fn a_rule_that_is_switched_off_takes_back_what_it_had_planned() {
    let house = House::new(92).await;
    let rule = house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let message = ana.books("2026-06-11T14:00").await.reminder().await;
    rules::switch(&house.table, &staff(), rule.id, None, false).await.unwrap();
    house.time_passes(minutes(15)).await;
    assert_eq!(
        (house.status(message.id).await, house.why(message.id).await.as_str()),
        (Status::Cancelled, "RULE_OFF")
    );
    // On again after the moment has passed: nothing is made up for.
    house.until("2026-06-09T19:00:00Z").await;
    rules::switch(&house.table, &staff(), rule.id, None, true).await.unwrap();
    house.time_passes(minutes(15)).await;
    house.until("2026-06-11T20:00:00Z").await;
    assert!(house.outbox().is_empty());
}

/// E-09
#[tokio::test]
async fn a_visit_booked_closer_than_its_reminder_is_reminded_of_at_once_or_not_at_all() {
    let house = House::new(93).await;
    let at_once = RuleDraft { late: Late::SendNow, ..house.rule("two days before", before(48)) };
    house.has_rule(&at_once).await;
    house.has_rule(&house.rule("day before", before(24))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-08T19:00").await;
    house.until("2026-06-08T23:30:00Z").await;
    assert_eq!((house.outbox().len(), visit.planned().await.len()), (1, 1));
}

/// E-11
#[tokio::test]
async fn a_visit_that_is_moved_is_asked_about_anew() {
    let house = House::new(94).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-10T14:00").await;
    house.until("2026-06-08T18:05:00Z").await;
    visit.moves("2026-06-11T09:00").await;
    // A yes to the old time says nothing about the new one.
    ana.replies("C").await;
    assert_ne!(visit.answer().await, Answer::Confirmed);
    house.until("2026-06-09T13:05:00Z").await;
    ana.replies("C").await;
    assert_eq!(visit.answer().await, Answer::Confirmed);
}

/// E-22, E-18
#[tokio::test]
async fn a_mail_carries_links_to_confirm_and_to_ask_for_another_time() {
    let house = House::new(95).await;
    let by_mail = RuleDraft {
        channels: Channels::FirstOf(vec![Channel::Email]),
        ..house.rule("two days before", before(48))
    };
    house.has_rule(&by_mail).await;
    let ana = house.patient("Ana").with_email("ana@example.com").who_agreed().await;
    let visit = ana.books("2026-06-11T14:00").await;
    house.until("2026-06-09T18:05:00Z").await;
    let links: Vec<String> = house
        .last()
        .text
        .split_whitespace()
        .filter_map(|word| word.trim_matches(['(', ')', '<', '>', '.']).strip_prefix(testkit::PUBLIC))
        .filter(|path| path.starts_with("/l/v/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(links.len(), 2, "{}", house.last().text);
    let post = |path: &str, says: &str| {
        http::Request::post(path)
            .header("host", "comms.example.com")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("answer={says}").into())
            .unwrap()
    };
    let looked =
        http::Request::get(&links[0]).header("host", "comms.example.com").body(Vec::new().into()).unwrap();
    assert_eq!(house.outside(looked).await.0, 200);
    assert_eq!(visit.answer().await, Answer::Pending);
    assert_eq!(house.outside(post(&links[0], "confirm")).await.0, 200);
    house.settles().await;
    assert_eq!(visit.answer().await, Answer::Confirmed);
    assert_eq!(house.outside(post(&links[1], "reschedule")).await.0, 200);
    house.settles().await;
    assert_eq!(house.tasks().await[0].kind, TaskKind::Reschedule);
    // After a move the links are those of another visit.
    visit.moves("2026-06-12T09:00").await;
    let gone = house.outside(post(&links[1], "reschedule")).await;
    assert_eq!(gone.0, 410);
    assert!(gone.1.contains("555"), "it says whom to call");
}

/// C-18
#[tokio::test]
async fn a_rule_keeps_the_version_of_its_template_until_it_is_applied_anew() {
    let house = House::new(96).await;
    let keeps = house.rule("two hours before", before(2));
    let follows = RuleDraft { follow_latest: true, ..house.rule("three hours before", before(3)) };
    let rule = house.has_rule(&keeps).await;
    house.has_rule(&follows).await;
    house.rewrites(rule.template, "quite other words. Reply C to confirm:").await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-08T16:00").await;
    house.until("2026-06-08T19:30:00Z").await;
    let sent = house.outbox();
    assert!(sent[0].text.contains("quite other words"), "{}", sent[0].text);
    assert!(!sent[1].text.contains("quite other words"), "{}", sent[1].text);
    let message = house.message(visit.planned().await[1]).await;
    let Some(Body::Template { version, .. }) = message.body else { panic!("a template") };
    assert_eq!((version, rule.template_version), (1, 1));
}

/// E-16
#[tokio::test]
async fn staff_sees_the_plan_takes_one_step_back_and_sends_another_at_once() {
    let house = House::new(97).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    house.has_rule(&house.rule("day before", before(24))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-11T14:00").await;
    automations::steps::cancel_one(&house.table, &staff(), visit.id, 1).await.unwrap();
    automations::steps::send_now(&house.table, &staff(), visit.id, 2).await.unwrap();
    house.time_passes(minutes(2)).await;
    let view = automations::steps::view(&house.table, visit.id).await.unwrap();
    let states: Vec<_> = view.steps.iter().map(|step| step.status).collect();
    assert_eq!(states, [Some(Status::Cancelled), Some(Status::Sent)]);
    house.until("2026-06-11T19:00:00Z").await;
    assert_eq!(house.outbox().len(), 1);
}
