//! What people write back.

use automations::rules::{Timing, Unit};
use messaging::{Direction, Status, desk::TaskKind};
use people::appointments::Answer;
use testkit::{Fuse, House, Kill, Trace, hours, minutes};

fn before(amount: u32) -> Timing {
    Timing::Before { amount, unit: Unit::Hours, at: None }
}

/// A-15, B-02
#[tokio::test]
async fn a_text_goes_into_the_one_thread_of_whoever_has_the_number() {
    let house = House::new(50).await;
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    ana.is_written("Your retainer is ready.").await;
    house.time_passes(minutes(1)).await;
    house.mails(&ana, "And the invoice is attached.").await;
    house.time_passes(minutes(1)).await;
    ana.replies("I will pick it up on Friday").await;
    let thread: Vec<_> = ana
        .thread()
        .await
        .iter()
        .map(|message| (message.direction, message.said.clone().map(|said| said.text.reveal().clone())))
        .collect();
    assert_eq!(thread[0], (Direction::Out, Some("Your retainer is ready.".into())));
    assert_eq!(thread[1], (Direction::Out, Some("And the invoice is attached.".into())));
    assert_eq!(thread[2], (Direction::In, Some("I will pick it up on Friday".into())));
    let heads = house.conversations().await;
    assert_eq!(heads.len(), 1);
    assert_eq!((heads[0].person, heads[0].unread), (ana.id, 1));
    assert_eq!(heads[0].channels.len(), 2);
    let read = messaging::conversation::mark_read(&house.table, ana.id).await.unwrap().unwrap();
    assert_eq!(read.unread, 0);
    // Told once more by the stream, nothing is counted again.
    house.follows_again().await;
    assert_eq!(house.conversations().await[0].unread, 0);
}

///
#[tokio::test]
async fn the_same_text_brought_again_is_taken_in_once() {
    let house = House::new(51).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    for minute in 0..4 {
        house.text_comes(&ana.text, "Where do I park?", "SMsame").await;
        if minute % 2 == 0 {
            house.text_comes(&ana.text, "Where do I park?", "SMsame").await;
        }
        house.settles().await;
        house.time_passes(minutes(20)).await;
    }
    let thread = ana.thread().await;
    assert_eq!(thread.iter().filter(|message| message.direction == Direction::In).count(), 1);
    assert_eq!((house.tasks().await.len(), house.conversations().await[0].unread), (1, 1));
    assert_eq!(house.outbox().len(), 1);
}

///
#[tokio::test]
async fn a_text_is_kept_before_the_provider_hears_that_it_was_taken() {
    let house = House::new(52).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.text_comes(&ana.text, "Where do I park?", "SM1").await;
    // The process dies with its queue before it has taken the text in: the minute finds it again.
    let lost = house.queue.take(kernel::Lane::Inbound, 10);
    house.queue.settle(lost.into_iter().map(|job| (job, Ok(()))).collect());
    assert!(ana.thread().await.is_empty());
    house.time_passes(minutes(2)).await;
    assert_eq!(ana.thread().await.len(), 2);
    assert_eq!(house.tasks().await.len(), 1);
}

///
#[tokio::test]
async fn a_text_from_a_number_nobody_has_waits_for_staff() {
    let house = House::new(53).await;
    house.text_comes("+12125550177", "Do you take new patients?", "SM1").await;
    house.settles().await;
    let unmatched = house.unmatched().await;
    assert_eq!(unmatched.len(), 1);
    assert_eq!(unmatched[0].inbound.body.reveal(), "Do you take new patients?");
    // A stop is heeded from everybody.
    house.text_comes("+12125550177", "STOP", "SM2").await;
    house.settles().await;
    let ana = house.patient("Ana").with_text("+12125550177").who_agreed().await;
    assert!(ana.standing().await.opted_out());
}

///
#[tokio::test]
async fn on_a_shared_number_an_answer_belongs_to_the_one_who_was_asked() {
    let house = House::new(54).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let ben = house.patient("Ben").with_text("+12125550123").who_agreed().await;
    let visit = ben.books("2026-06-08T15:00").await;
    house.until("2026-06-08T17:05:00Z").await;
    ana.replies("C").await;
    assert_eq!(visit.answer().await, Answer::Confirmed);
    let of_ben = ben.thread().await;
    assert_eq!(of_ben.last().unwrap().direction, Direction::In);
    assert!(ana.thread().await.is_empty());
}

/// A-15, B-02
#[tokio::test]
async fn where_several_were_asked_on_one_number_staff_looks_at_the_answer() {
    let house = House::new(55).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let ben = house.patient("Ben").with_text("+12125550123").who_agreed().await;
    let first = ana.books("2026-06-08T15:00").await;
    let second = ben.books("2026-06-08T15:00").await;
    house.until("2026-06-08T17:05:00Z").await;
    ana.replies("C").await;
    // Asked, and still waiting for an answer.
    assert_eq!((first.answer().await, second.answer().await), (Answer::Pending, Answer::Pending));
    assert_eq!(house.tasks().await[0].kind, TaskKind::ReadReply);
}

/// B-13
#[tokio::test]
async fn an_answer_is_noted_on_what_it_answers_with_its_time() {
    let house = House::new(56).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-08T15:00").await;
    let asked = visit.reminder().await;
    house.until("2026-06-08T17:07:00Z").await;
    ana.replies("C").await;
    let kept = house.message(asked.id).await;
    let (reply, at) = kept.replied.unwrap();
    assert_eq!(at.duration_since(kept.times[&Status::Sent]), minutes(7));
    assert_eq!(house.message(reply).await.direction, Direction::In);
    // A second one is not another answer.
    house.time_passes(minutes(5)).await;
    ana.replies("C").await;
    assert_eq!(house.message(asked.id).await.replied, Some((reply, at)));
}

#[tokio::test]
async fn an_answer_is_found_even_if_the_message_was_sent_before_it_was_meant() {
    let house = House::new(57).await;
    house.has_rule(&house.rule("two days before", before(48))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-19T15:00").await;
    let asked = visit.reminder().await;
    automations::steps::send_now(&house.table, &testkit::staff(), visit.id, 1).await.unwrap();
    house.time_passes(minutes(2)).await;
    assert!(house.sent(asked.id).is_some());
    ana.replies("C").await;
    assert_eq!(visit.answer().await, Answer::Confirmed);
}

/// E-18
#[tokio::test]
async fn the_same_answer_twice_changes_nothing_and_one_that_is_late_goes_to_staff() {
    let house = House::new(58).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-08T15:00").await;
    house.until("2026-06-08T17:05:00Z").await;
    ana.replies("yes").await;
    let first = visit.record().await;
    assert_eq!(first.confirmation.answer, Answer::Confirmed);
    ana.replies("Yes!").await;
    assert_eq!(visit.record().await.confirmation, first.confirmation);
    assert!(house.tasks().await.is_empty());
    house.time_passes(hours(3)).await;
    ana.replies("yes").await;
    assert_eq!(house.tasks().await[0].kind, TaskKind::LateReply);
    assert_eq!(visit.record().await.confirmation, first.confirmation);
}

/// E-18
#[tokio::test]
async fn a_yes_to_a_visit_that_was_called_off_goes_to_staff() {
    let house = House::new(59).await;
    house.has_rule(&house.rule("two hours before", before(2))).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    let visit = ana.books("2026-06-08T15:00").await;
    house.until("2026-06-08T17:05:00Z").await;
    visit.becomes(people::appointments::Status::Cancelled).await;
    ana.replies("C").await;
    assert_eq!(house.tasks().await[0].kind, TaskKind::LateReply);
    assert_ne!(visit.answer().await, Answer::Confirmed);
}

#[tokio::test]
async fn unclear_texts_get_one_polite_answer_a_day_and_a_task_each() {
    let house = House::new(60).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    for _ in 0..3 {
        ana.replies("is it raining over there?").await;
        house.time_passes(hours(1)).await;
    }
    assert_eq!((house.tasks().await.len(), house.outbox().len()), (3, 1));
    assert!(house.last().text.contains("will read this"), "{}", house.last().text);
    house.time_passes(hours(24)).await;
    ana.replies("and now?").await;
    assert_eq!((house.tasks().await.len(), house.outbox().len()), (4, 2));
}

#[tokio::test]
async fn in_a_conversation_an_answer_stands_after_what_it_answers() {
    let house = House::new(62).await;
    for number in 0..12 {
        let text = format!("+121255501{number:02}");
        let one = house.patient(&format!("P{number}")).with_text(&text).who_agreed().await;
        one.replies("is it raining over there?").await;
        let ways: Vec<_> = one.thread().await.iter().map(|message| message.direction).collect();
        assert_eq!(ways, [Direction::In, Direction::Out], "{number}");
    }
}

/// the taking in is killed at each of its calls and begun anew; what follows is the same.
#[tokio::test]
async fn a_text_whose_taking_in_is_killed_anywhere_ends_the_same() {
    const MOST: usize = 40;
    for (line, says) in ["please opt me out", "C", "yes"].into_iter().enumerate() {
        let house = House::new(61).await;
        house.has_rule(&house.rule("two hours before", before(2))).await;
        let wall = house.wall(house.clock.now() + hours(2) + minutes(1));
        let mut cases = Vec::new();
        for kill in 1..=MOST {
            let number = format!("+121255{line}{kill:04}");
            let ana = house.patient(&format!("P{kill}")).with_text(&number).who_agreed().await;
            let visit = ana.books(&wall).await;
            cases.push((kill, ana, visit));
        }
        house.time_passes(minutes(2)).await;
        if says == "yes" {
            // Opted out and not asked: a yes begins messages again. Begun anew it must not mean anything else.
            for (_, ana, visit) in &cases {
                visit.becomes(people::appointments::Status::Cancelled).await;
                ana.replies("STOP").await;
            }
            house.time_passes(minutes(1)).await;
        }
        let before = house.outbox().len();
        let (trace, mut survived) = (Trace::default(), 0);
        let fuse = Fuse::of("inbound", &trace);
        let worker = inbound::Work::on(&house.worker(&fuse));
        for (kill, ana, _) in &cases {
            house.text_comes(&ana.text, says, &format!("SMkill{kill}")).await;
            fuse.arm(Some(Kill::After(*kill)), 0);
            let jobs = house.queue.take(kernel::Lane::Inbound, 1);
            survived +=
                usize::from(Box::pin(fuse.run(worker.run(vec![jobs[0].job.clone()]))).await.is_some());
            house.queue.settle(jobs.into_iter().map(|job| (job, Ok(()))).collect());
        }
        assert!((1..MOST - 8).contains(&survived), "{says}: {survived} survived");
        house.time_passes(minutes(2)).await;
        // The carrier answers a `yes` that begins messages again; nothing answers a `C`.
        let answers = if says.starts_with("please") { MOST } else { 0 };
        assert_eq!(house.outbox().len() - before, answers, "{says}");
        for (kill, ana, visit) in &cases {
            let case = format!("{says}, killed after call {kill}");
            assert_eq!(ana.standing().await.opted_out(), says.starts_with("please"), "{case}");
            assert_eq!(visit.answer().await == Answer::Confirmed, says == "C", "{case}");
            let thread = ana.thread().await;
            let heard = thread.iter().filter(|message| {
                message.direction == Direction::In && message.said.as_ref().unwrap().text.reveal() == says
            });
            assert_eq!(heard.count(), 1, "{case}");
        }
    }
}

/// the callback dies around each of its calls. The provider, who has heard nothing, tells the text again.
#[tokio::test]
async fn a_text_whose_callback_dies_anywhere_is_told_again_and_taken_in_once() {
    let house = House::new(63).await;
    let (trace, mut told_once) = (Trace::default(), 0);
    for call in 1..=6 {
        for (way, kill) in Kill::all(call).into_iter().enumerate() {
            let number = format!("+121255501{call}{way}");
            let ana = house.patient(&format!("P{call}{way}")).with_text(&number).who_agreed().await;
            let fuse = Fuse::of("webhooks", &trace);
            let door = webhooks::open(&house.worker(&fuse)).unwrap();
            fuse.arm(Some(kill), 0);
            let id = format!("SMdies{call}{way}");
            let text = House::text_of_twilio(&number, "Where do I park?", &id);
            let heard = Box::pin(fuse.run(House::through(&door, text))).await;
            let first = house.clock.now();
            if heard.is_some_and(|(status, _)| status == http::StatusCode::OK) {
                told_once += 1;
            } else {
                house.time_passes(minutes(3)).await;
                house.text_comes(&number, "Where do I park?", &id).await;
            }
            house.time_passes(minutes(3)).await;
            let thread = ana.thread().await;
            let ways: Vec<_> = thread.iter().map(|message| message.direction).collect();
            assert_eq!(ways, [Direction::In, Direction::Out], "{kill:?}");
            let kept = matches!(kill, Kill::After(2 | 3) | Kill::Before(3));
            assert!(!kept || thread[0].created_at == first, "{kill:?}: it stands where it came first");
        }
    }
    assert!((3..14).contains(&told_once), "{told_once} were told once");
}
