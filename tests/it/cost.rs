//! What each thing costs at the table and the queues, beside its budget.
//!
//! Calls, write units (WRU) and read units (RRU) are counted where the database answers. The bounds are what is
//! reached, so that nothing grows unseen; where a budget is not met, the call that stands in the way is named beside
//! its bound. `cargo nextest run -p tests --test it cost --no-capture` prints the tables.

use automations::rules::{RuleDraft, Timing, Unit};
use axum::body::Body;
use edge::Callers;
use embedded::Usage;
use http::Request;
use kernel::{Channel, Lane, MessageId, RawJob};
use messaging::Status;
use testkit::{House, Patient, minutes};
use tower::ServiceExt as _;

/// What something costs.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    calls: f64,
    wru: f64,
    rru: f64,
    /// Requests to queues: pushing, receiving, deleting.
    sqs: f64,
}

impl Cost {
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    fn of(usage: &Usage) -> Self {
        Self { calls: usage.total_calls() as f64, wru: usage.write_units, rru: usage.read_units, sqs: 0.0 }
    }

    fn and(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            wru: self.wru + other.wru,
            rru: self.rru + other.rru,
            sqs: self.sqs + other.sqs,
        }
    }

    fn less(self, other: Self) -> Self {
        Self { calls: self.calls - other.calls, wru: self.wru - other.wru, rru: self.rru - other.rru, ..self }
    }

    fn per(self, things: usize) -> Self {
        let share = 1.0 / f64::from(u32::try_from(things).expect("a small number"));
        Self {
            calls: self.calls * share,
            wru: self.wru * share,
            rru: self.rru * share,
            sqs: self.sqs * share,
        }
    }

    /// Prints a line of the table, and holds it to what was reached.
    fn line(self, what: &str, budget: &str, [calls, wru, rru]: [f64; 3]) -> Self {
        eprintln!(
            "{what:<44} {:>6.2} calls {:>6.2} WRU {:>6.2} RRU {:>6.2} SQS   budget: {budget}",
            self.calls, self.wru, self.rru, self.sqs
        );
        let within = |is: f64, most: f64| is <= most + 0.001;
        assert!(
            within(self.calls, calls) && within(self.wru, wru) && within(self.rru, rru),
            "{what} costs more than it did: {self:?}, not {calls} calls, {wru} WRU, {rru} RRU"
        );
        self
    }
}

/// What was used since it was last asked.
fn used(house: &House) -> Cost {
    Cost::of(&house.embedded.meter().take())
}

fn two_hours(house: &House) -> RuleDraft {
    let two_hours = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.rule("two hours before", two_hours)
}

/// As many patients with a visit at three, of whom each is reminded at one.
async fn reminded(house: &House, many: usize) -> Vec<MessageId> {
    house.has_rule(&two_hours(house)).await;
    let mut messages = Vec::new();
    for n in 0..many {
        let patient = house.patient(&format!("P{n}")).with_text(&format!("+1212555{:04}", 110 + n));
        messages.push(patient.who_agreed().await.books("2026-06-08T15:00").await.reminder().await.id);
    }
    messages
}

/// The requests that a push, the receiving and the deleting of so many records take; ten go in one.
fn queued(records: usize) -> f64 {
    3.0 * f64::from(u32::try_from(records.div_ceil(10)).expect("a small number"))
}

/// However long a text is, it is claimed and concluded for a unit each: the message stays below a kilobyte.
#[tokio::test]
async fn a_long_text_costs_no_more_than_a_short_one() {
    let house = House::new(114).await;
    let patient = house.patient("Ann").with_text("+12125550110").who_agreed().await;
    let words = "Thomas brachte gern 12 Quitten, die vor Jahren am Feldrand wuchsen; ";
    for letters in [10, 160, 320] {
        let text: String = words.chars().cycle().take(letters).collect();
        patient.is_written(&text).await;
        let jobs = house.queue.take(Lane::Outbound, 10);
        house.embedded.meter().take();
        let work = sender::Work::on(&house.platform);
        let worked = work.run(jobs.iter().map(|job| job.job.clone()).collect()).await;
        used(&house).line(&format!("a text of {letters} letters: sender, alone"), "-", [7.0, 2.0, 5.5]);
        house.queue.settle(jobs.into_iter().zip(worked).collect());
    }
    house.settles().await;
}

/// Twenty-five reminders of one clinic in one minute: from due to accepted by the provider, the tick and its later
/// looks included.
#[tokio::test]
async fn a_reminder_costs_no_more_than_it_did() {
    const MANY: usize = 25;
    let house = House::new(110).await;
    let messages = reminded(&house, MANY).await;
    house.until("2026-06-08T16:40:00Z").await;
    let (mut tick, mut told) = (Cost::default(), Cost::default());
    // Twelve minutes of nothing, to tell what the tick costs by itself.
    house.embedded.meter().take();
    for _ in 0..12 {
        house.clock.advance(minutes(1));
        house.ticks().await;
        tick = tick.and(used(&house));
        assert!(house.queue.is_idle());
    }
    tick.per(12).line("tick: a minute in which nothing is due", "-", [44.0, 1.0, 31.0]);
    house.until("2026-06-08T16:59:00Z").await;
    let idle = tick.per(12);
    let work = sender::Work::on(&house.platform);
    let (mut ticked, mut sent, mut requests) = (Cost::default(), Cost::default(), Vec::new());
    for minute in 0..13 {
        house.clock.advance(minutes(1));
        house.embedded.meter().take();
        house.ticks().await;
        ticked = ticked.and(used(&house).less(idle));
        let jobs = house.queue.take(Lane::Outbound, 10);
        assert_eq!(jobs.len(), usize::from(minute == 0), "minute {minute}");
        if jobs.is_empty() {
            continue;
        }
        ticked.sqs += queued(jobs.len());
        requests = jobs.iter().map(|job| job.job.clone()).collect::<Vec<RawJob>>();
        house.embedded.meter().take();
        let worked = work.run(requests.clone()).await;
        let usage = house.embedded.meter().take();
        eprintln!("the sender's calls for {MANY}: {:?}", usage.calls);
        sent = Cost::of(&usage);
        house.queue.settle(jobs.into_iter().zip(worked).collect());
        for message in &messages {
            assert_eq!(house.status(*message).await, Status::Sent);
        }
        house.embedded.meter().take();
        house.follows().await;
        told = used(&house);
    }
    let (ticked, sent) = (ticked.per(MANY), sent.per(MANY));
    ticked.line("reminder: tick and later looks, its share", "in the next line but one", [0.0, 0.0, 0.45]);
    sent.line("reminder: sender, first batch of a process", "in the next line", [0.28, 2.0, 4.12]);
    let all = ticked.and(sent).line(
        "reminder: due to accepted",
        "1.2 calls, 2.0 WRU, 2.0 RRU, 0.15 SQS",
        // 2.0 RRU are the visit and the consent of the address alone, read after the claim as they are now: both may
        // have been moved or ended a moment before the call. Besides them stand the person, their preferences, the
        // count of the day and the message itself (half a unit each, as of a moment ago), and the look at what
        // became of it two minutes after (half a unit).
        [0.28, 2.0, 4.57],
    );
    assert!(all.sqs <= 0.15, "{} requests to queues", all.sqs);
    told.per(MANY).line("reminder: projector, claim and outcome", "-", [6.16, 6.2, 4.6]);
    // The same requests again, as queues may: all is done, and nothing is written.
    house.embedded.meter().take();
    work.run(requests).await;
    used(&house).per(MANY).line("reminder: told twice", "-", [0.04, 0.0, 0.5]);
}

/// One mail about a visit, with its HTML.
#[tokio::test]
async fn a_mail_costs_no_more_than_it_did() {
    const MANY: usize = 25;
    let house = House::new(111).await;
    let by_mail = RuleDraft {
        channels: automations::rules::Channels::FirstOf(vec![Channel::Email]),
        ..two_hours(&house)
    };
    house.has_rule(&by_mail).await;
    let mut messages = Vec::new();
    for n in 0..MANY {
        let patient = house.patient(&format!("P{n}")).with_email(&format!("p{n}@mail.example.com"));
        messages.push(patient.who_agreed().await.books("2026-06-08T15:00").await.reminder().await.id);
    }
    house.until("2026-06-08T16:59:00Z").await;
    house.clock.advance(minutes(1));
    house.ticks().await;
    let jobs = house.queue.take(Lane::Outbound, 10);
    house.embedded.meter().take();
    let work = sender::Work::on(&house.platform);
    let worked = work.run(jobs.iter().map(|job| job.job.clone()).collect()).await;
    let mail = used(&house).per(MANY);
    house.queue.settle(jobs.into_iter().zip(worked).collect());
    for message in messages {
        assert_eq!(house.status(message).await, Status::Sent);
    }
    // A budget of 0.15 WRU leaves no room for a record of each mail: the claim and the outcome that make it be sent
    // once are two, the link that ends mail is a third and is written before the mail goes. It would need campaigns
    // whose recipients share a record, and links that carry their meaning.
    mail.line("mail: sender, besides SES", "0.12 calls, 0.15 WRU (campaign)", [1.28, 4.0, 4.12]);
    house.settles().await;
}

/// What a provider tells, and what somebody writes.
#[tokio::test]
async fn what_comes_from_outside_costs_no_more_than_it_did() {
    let house = House::new(112).await;
    let messages = reminded(&house, 1).await;
    house.until("2026-06-08T17:00:00Z").await;
    let sent = house.sent(messages[0]).expect("it was sent");
    for (status, wru) in [("delivered", 1.0), ("delivered", 0.0), ("sent", 0.0)] {
        house.embedded.meter().take();
        house.twilio_says(&sent, status, None).await;
        let told = used(&house);
        told.line(&format!("status webhook: {status}"), "1 WRU", [2.0, wru, 1.0]);
    }
    house.follows().await;
    house.embedded.meter().take();
    house.text_comes(&sent.to, "C", "SM1").await;
    used(&house).line("text: webhook", "2 WRU", [3.0, 2.0, 1.0]);
    let jobs = house.queue.take(Lane::Inbound, 10);
    let work = inbound::Work::on(&house.platform);
    house.embedded.meter().take();
    let worked = work.run(jobs.iter().map(|job| job.job.clone()).collect()).await;
    used(&house).line("text: taken in, confirms a visit", "-", [26.0, 14.0, 19.5]);
    house.queue.settle(jobs.into_iter().zip(worked).collect());
    house.settles().await;
}

/// Planning a visit's reminder, moving it, and reading it.
#[tokio::test]
async fn planning_and_reading_cost_no_more_than_they_did() {
    let house = House::new(113).await;
    house.has_rule(&two_hours(&house)).await;
    let patient: Patient<'_> = house.patient("Ann").with_text("+12125550110").who_agreed().await;
    house.embedded.meter().take();
    let visit = patient.books("2026-06-08T15:00").await;
    used(&house).line("visit from another system, one reminder", "-", [14.0, 19.0, 10.5]);
    visit.moves("2026-06-08T16:00").await;
    used(&house).line("visit moved, one reminder", "-", [11.0, 21.0, 10.0]);
    let message = visit.reminder().await.id;
    let clinic = house.table.clinic();
    let verify = move |role: &str| {
        let sub = <kernel::CallerId as kernel::Id>::derived(&[role]).to_string();
        let (role, clinic) = (role.to_owned(), clinic.to_string());
        Some(access::Claims { sub, role, clinics: String::new(), clinic })
    };
    let api = api::open(&house.platform, Callers::Tokens(std::sync::Arc::new(verify))).unwrap();
    house.embedded.meter().take();
    let request =
        Request::get(format!("/v1/messages/{message}")).header("authorization", "Bearer front_desk");
    let answer = api.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    // The message is read as it is now, since whoever has just written it wants to see that: one unit. What the clinic
    // grants to the role is another. And who has seen the words of a message is written into the audit log.
    used(&house).line("API read of a message", "0.5 RRU", [3.0, 1.0, 2.0]);
}
