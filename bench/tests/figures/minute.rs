//! Reminders that are all due in the same minute.

use std::time::Duration;

use automations::rules::{Timing, Unit};
use kernel::Lane;
use testkit::{House, minutes};

use crate::{figure, size, slow};

/// What SQS hands to a function at a time.
const BATCH: usize = 10;
/// Area codes of one zone, so that there are numbers enough.
const AREAS: [&str; 4] = ["212", "646", "718", "917"];
/// In which all are to be claimed.
const WITHIN: Duration = Duration::from_secs(28);
/// What DynamoDB is asked of one partition, half of what it gives.
const UNITS: u64 = 500;

/// One clinic, one environment of each function: the minute's tick, then the sender, one batch after the other, while
/// the projector follows. Time is simulated: 5 ms for a call to the table or a queue, 40 ms for one to a provider.
#[tokio::test]
async fn what_is_due_in_one_minute_is_sent_within_half_of_it() {
    let many = size("BENCH_DUE", 200);
    let house = House::new(210).await;
    let before = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.has_rule(&house.rule("two hours before", before)).await;
    for n in 0..many {
        let number = format!("+1{}555{:04}", AREAS[n / 9000], 110 + n % 9000);
        let patient = house.patient(&format!("P{n}")).with_text(&number).who_agreed().await;
        patient.books("2026-06-08T15:00").await;
    }
    house.until("2026-06-08T16:59:00Z").await;
    house.clock.advance(minutes(1));

    tokio::time::pause();
    let (platform, time, written) = slow::platform(&house);
    let reminders = reminders::Work::on(&platform);
    let sender = sender::Work::on(&platform);
    let projector = projector::Work::on(&platform);
    let ends = tokio::sync::Notify::new();
    let sends = async {
        reminders.tick().await.unwrap();
        let ticked = time.passed();
        loop {
            let taken = house.queue.take(Lane::Outbound, BATCH);
            if taken.is_empty() {
                break;
            }
            let worked = sender.run(taken.iter().map(|delivery| delivery.job.clone()).collect()).await;
            house.queue.settle(taken.into_iter().zip(worked).collect());
        }
        ends.notify_one();
        (ticked, time.passed())
    };
    let follows = async {
        loop {
            house.follows_with(&projector).await;
            // Lambda looks at a stream four times a second.
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    };
    let (ticked, sent) = tokio::select! {
        sent = sends => sent,
        () = follows => unreachable!("it goes on and on"),
    };
    let (key, units) = written.lock().unwrap().busiest();
    tokio::time::resume();

    assert_eq!(house.outbox().len(), many, "all are sent");
    figure("due.many", many);
    figure("due.ticked_s", ticked.as_secs_f64());
    figure("due.sent_s", sent.as_secs_f64());
    figure("due.busiest_wru", units);
    figure("due.busiest_key", key.replace(' ', "_"));
    assert!(sent < WITHIN, "{sent:?}");
    assert!(units <= UNITS, "{key}: {units} units within a second");
    house.settles().await;
}
