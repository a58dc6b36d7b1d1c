//! What the functions write into their logs: little, and nothing of a patient's.

use std::sync::{Arc, Mutex};

use automations::rules::{Timing, Unit};
use edge::Function;
use kernel::{Lane, RawJob};
use platform::{Envelope, Invocation};
use serde_json::{Value, json};
use testkit::House;
use tracing::level_filters::LevelFilter;

/// What a function may write for each message, in bytes.
const PER_MESSAGE: usize = 200;

/// The functions as Lambda calls them, around a house.
struct Called<'a> {
    house: &'a House,
    lines: Arc<Mutex<String>>,
    calls: Mutex<u32>,
}

impl Called<'_> {
    fn function(&self, name: &str) -> (Function, String) {
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        // Lambda's ids of calls are this long.
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", *calls);
        (Function::new("comms-prod", name, self.house.clock.clone()), id)
    }

    /// What waits in a lane, as SQS would hand it over.
    fn event(&self, lane: Lane) -> Option<Value> {
        let taken = self.house.queue.take(lane, 10);
        if taken.is_empty() {
            return None;
        }
        let record = |(n, delivery): (usize, &platform::inside::Delivery)| {
            let (r#type, data) = (delivery.job.r#type.clone(), delivery.job.data.clone());
            let envelope = Envelope { r#type, lane, data, trace: delivery.trace.clone() };
            json!({ "messageId": n.to_string(), "body": serde_json::to_string(&envelope).unwrap(),
                "attributes": { "ApproximateReceiveCount": "1" } })
        };
        let records: Vec<_> = taken.iter().enumerate().map(record).collect();
        self.house.queue.settle(taken.into_iter().map(|delivery| (delivery, Ok(()))).collect());
        Some(json!({ "Records": records }))
    }

    async fn minute(&self) {
        let (function, id) = self.function("reminders");
        let reminders = reminders::Work::on(&self.house.platform);
        function.tick(&id, &async || reminders.tick().await).await.unwrap();
        let sender = sender::Work::on(&self.house.platform);
        while let Some(event) = self.event(Lane::Outbound) {
            let (function, id) = self.function("sender");
            let work = async |jobs: Vec<RawJob>| sender.run(jobs).await;
            let answer = function.jobs(&id, Lane::Outbound, event, &work).await;
            assert_eq!(answer, json!({ "batchItemFailures": [] }));
        }
        self.changes().await;
    }

    /// Follows the table as the projector does.
    async fn changes(&self) {
        let (function, id) = self.function("projector");
        let follow = async |_| {
            self.house.follows().await;
            Ok(())
        };
        function.changes(&id, Vec::new(), &follow).await.unwrap();
    }

    fn text(&self) -> String {
        self.lines.lock().unwrap().clone()
    }

    fn json(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Budget: at most 200 bytes for each message from due to delivered, and nothing of a patient's.
#[tokio::test]
async fn ten_reminders_from_due_to_delivered_write_little_and_nothing_of_a_patient() {
    let house = House::new(111).await;
    let two_hours = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.has_rule(&house.rule("two hours before", two_hours)).await;
    for n in 0..10 {
        let patient =
            house.patient(&format!("Zebulon{n}")).with_text(&format!("+1212555011{n}")).who_agreed().await;
        patient.books("2026-06-08T15:00").await;
    }
    house.until("2026-06-08T16:59:00Z").await;
    house.follows().await;
    house.clock.advance(testkit::minutes(1));

    let lines: Arc<Mutex<String>> = Arc::default();
    let taken_up = lines.clone();
    let write = move |line: &str| taken_up.lock().unwrap().push_str(line);
    // Where all tests run in one process, what one of them does not listen to is not forgotten for the others.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let _log = tracing::subscriber::set_default(edge::lines_to(LevelFilter::INFO, write));
    let called = Called { house: &house, lines, calls: Mutex::default() };
    let before = house.providers.taken().len();
    called.minute().await;
    let sent = house.providers.taken().split_off(before);
    assert_eq!(sent.len(), 10);
    for status in ["sent", "delivered"] {
        for text in &sent {
            house.twilio_says(text, status, None).await;
        }
        called.changes().await;
    }

    let text = called.text();
    #[expect(clippy::print_stdout, reason = "a figure for whoever measures")]
    {
        println!("figure: log_bytes_per_message {}", text.len() / sent.len());
    }
    assert!(text.len() <= PER_MESSAGE * sent.len(), "{} bytes:\n{text}", text.len());
    let lower = text.to_lowercase();
    for private in ["zebulon", "reyes", "+1212", "555011", "1988-04-02", "bright smiles", "reply"] {
        assert!(!lower.contains(private), "{private}:\n{text}");
    }

    // The same lines are the metrics, and the sends are found by the tick that caused them.
    let all = called.json();
    let of = |name: &str| -> u64 {
        all.iter().filter(|line| line.get(name).is_some()).map(|line| line[name].as_u64().unwrap()).sum()
    };
    // One record asks for all that is due in the minute.
    assert_eq!((of("jobs"), of("messages.sent.sms"), of("messages.delivered.sms")), (1, 10, 10), "{text}");
    assert_eq!(of("due.late_s"), 0);
    let line = |function: &str| all.iter().find(|line| line["function"] == function).unwrap();
    assert_eq!(line("sender")["trace"], line("reminders")["trace"]);
    assert_eq!(line("sender")["_aws"]["CloudWatchMetrics"][0]["Namespace"], "comms-prod");
}

#[tokio::test]
async fn what_goes_wrong_with_a_message_is_counted_once() {
    let house = House::new(112).await;
    let two_hours = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.has_rule(&house.rule("two hours before", two_hours)).await;
    let patient = house.patient("Ann").with_text("+12125550110").who_agreed().await;
    patient.books("2026-06-08T15:00").await;
    house.until("2026-06-08T17:00:00Z").await;
    let [sent] = &house.providers.taken()[..] else { panic!("one text") };

    let call = Invocation::under("test");
    call.run(async {
        house.twilio_says(sent, "undelivered", Some("30007")).await;
        house.twilio_says(sent, "undelivered", Some("30007")).await;
        house.follows().await;
    })
    .await;
    let figures = call.figures();
    assert_eq!(figures.get("messages.filtered"), Some(&1), "{figures:?}");
    assert_eq!(figures.get("messages.failed.sms"), Some(&1));
    house.settles().await;
}

/// A table that recovery has made from another knows nothing of what was sent since.
#[tokio::test]
async fn a_copy_of_the_table_sends_nothing_until_it_is_released_and_then_nothing_that_fell_due_before() {
    let house = House::new(113).await;
    let two_hours = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.has_rule(&house.rule("two hours before", two_hours)).await;
    let ann = house.patient("Ann").with_text("+12125550110").who_agreed().await;
    let early = ann.books("2026-06-08T15:00").await.reminder().await.id;
    let ben = house.patient("Ben").with_text("+12125550111").who_agreed().await;
    let later = ben.books("2026-06-08T17:00").await.reminder().await.id;
    house.until("2026-06-08T16:00:00Z").await;
    house.platform.table.shared().is_copy().await.unwrap();

    let call = Invocation::under("test");
    house.clock.advance(testkit::minutes(120));
    call.run(house.ticks()).await;
    assert_eq!(call.figures().get("sending.held"), Some(&1));
    assert!(house.providers.taken().is_empty());

    let given_up = automations::release::run(&house.platform).await.unwrap();
    assert_eq!((given_up, house.status(early).await), (1, messaging::Status::Unknown));
    assert_eq!(automations::release::run(&house.platform).await.unwrap(), 0, "released is released");
    house.until("2026-06-08T19:30:00Z").await;
    let taken: Vec<_> = house.providers.taken().iter().map(|sent| sent.message).collect();
    assert_eq!(taken, [later], "what was ahead is sent, what fell due before the release is not");
    let shown: Vec<_> = house.not_sent().await.iter().map(|kept| kept.message).collect();
    assert_eq!(shown, [early], "staff sees what nobody knows");
}
