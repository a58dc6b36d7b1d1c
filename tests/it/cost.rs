//! What a reminder costs at the table, from due to accepted.

use automations::rules::{Timing, Unit};
use kernel::{Lane, RawJob};
use messaging::Status;
use testkit::House;

/// A batch of ten reminders, as the queue hands it to the sender. The figures are printed; the bounds keep them
/// from growing unseen.
#[tokio::test]
async fn ten_reminders_cost_no_more_than_they_did() {
    let house = House::new(110).await;
    let two_hours = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.has_rule(&house.rule("two hours before", two_hours)).await;
    let mut messages = Vec::new();
    for n in 0..10 {
        let patient =
            house.patient(&format!("P{n}")).with_text(&format!("+1212555011{n}")).who_agreed().await;
        messages.push(patient.books("2026-06-08T15:00").await.reminder().await.id);
    }
    house.until("2026-06-08T16:59:00Z").await;
    house.clock.advance(testkit::minutes(1));
    house.embedded.meter().take();
    house.ticks().await;
    let tick = house.embedded.meter().take();
    let jobs = house.queue.take(Lane::Outbound, 10);
    assert_eq!(jobs.len(), 10);
    let requests: Vec<RawJob> = jobs.iter().map(|job| job.job.clone()).collect();
    let work = sender::Work::on(&house.platform);
    let worked = work.run(requests.clone()).await;
    let cold = house.embedded.meter().take();
    house.queue.settle(jobs.into_iter().zip(worked).collect());
    for message in messages {
        assert_eq!(house.status(message).await, Status::Sent);
    }
    house.embedded.meter().take();
    house.settles().await;
    let projector = house.embedded.meter().take();
    // The same requests again, as queues may: all is done.
    work.run(requests).await;
    let again = house.embedded.meter().take();
    eprintln!("per reminder, of ten in a batch (calls, write units, read units):");
    for (what, usage) in
        [("tick", &tick), ("sender", &cold), ("projector", &projector), ("told twice", &again)]
    {
        eprintln!(
            "  {what:<12} {:>5.1} {:>6.2} {:>6.2}   {:?}",
            f64::from(u32::try_from(usage.total_calls()).unwrap()) / 10.0,
            usage.write_units / 10.0,
            usage.read_units / 10.0,
            usage.calls
        );
    }
    assert!(cold.total_calls() <= 40, "{} calls", cold.total_calls());
    assert!(cold.write_units <= 31.0, "{} write units", cold.write_units);
    assert!(cold.read_units <= 66.0, "{} read units", cold.read_units);
    assert!(again.write_units == 0.0 && again.total_calls() == 1);
}
