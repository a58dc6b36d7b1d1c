//! The clinic in which histories are played, and what must hold of each.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use audit::Actor;
use consent::{
    Address, Grant, Scope,
    ledger::{Evidence, Method},
};
use jiff::SignedDuration;
use kernel::{AppointmentId, Category, Channel, Id, Job, MessageId, PersonId};
use messaging::{
    About, Body, Draft, Message, Route, SendRequested, Status, counters, desk::NotSent, receipt,
};
use people::{
    Appointment, ContactKind, ContactPoint, NoPlan, Person,
    appointments::{self, Change, Confirmation},
    origin::Origin,
};
use providers::{Provider, Receipt, ReceiptStatus};
use table::{ClinicTable, keys::NotSentKey};
use testkit::{Answer, Call, Fuse, House, Trace, hours, staff};

use crate::{
    dice::Dice,
    history::{History, Meanwhile},
};

/// A sender of its own, on handles of its own.
struct Worker {
    fuse: Fuse,
    work: sender::Work,
}

impl Worker {
    fn new(house: &House, who: &'static str, trace: &Trace) -> Self {
        let fuse = Fuse::of(who, trace);
        let work = sender::Work::on(&house.worker(&fuse));
        Self { fuse, work }
    }

    /// Works at the same request so many times, or dies.
    async fn works(&self, house: &House, request: SendRequested, times: u64) {
        let batch = async {
            for _ in 0..times {
                let worked = self.work.run(vec![request.raw()]).await;
                if worked[0].is_err() {
                    // As the queue does: it comes again.
                    platform::Queue::push(&house.queue, &[request.raw()]).await.unwrap();
                }
                self.fuse.pause().await;
            }
        };
        Box::pin(self.fuse.run(batch)).await;
    }
}

/// A history that was played, and what came of it.
struct Played {
    seed: u64,
    history: History,
    message: MessageId,
    /// Somebody was told that it was taken back.
    taken_back: bool,
}

pub(crate) struct World {
    house: House,
    trace: Trace,
    senders: [Worker; 2],
    others: Fuse,
    /// The table as those see it who are no senders.
    table: ClinicTable,
    played: Vec<Played>,
    hash: DefaultHasher,
}

const SENDERS: [&str; 2] = ["sender a", "sender b"];

impl World {
    pub(crate) async fn new(seed: u64) -> Self {
        let house = House::new(seed).await;
        let trace = Trace::default();
        let others = Fuse::of("others", &trace);
        let table = house.worker(&others).table.of(house.table.clinic());
        let senders = SENDERS.map(|who| Worker::new(&house, who, &trace));
        Self { house, trace, senders, others, table, played: Vec::new(), hash: DefaultHasher::new() }
    }

    /// A patient who agreed, with a visit tomorrow and a message about it that is due now.
    async fn sets_out(&self, seed: u64) -> (PersonId, Address, AppointmentId, MessageId) {
        let (house, now) = (&self.house, self.house.clock.now());
        let table = &house.table;
        let name = seed.to_string();
        let origin = || Origin::new("crash", &name, None, now);
        let mut person = Person::new(PersonId::derived(&[&name]), origin(), now);
        let number = format!("+1212{:07}", 5_550_000 + seed % 10_000);
        let address = Address::read(&number).unwrap();
        let region = people::Region::us();
        let contact = ContactPoint::read(person.id, ContactKind::Text, &number, 1, region).unwrap();
        person.contacts.push(contact);
        let starts_at = now + hours(24);
        let zone: kernel::Zone = "America/New_York".parse().unwrap();
        let visit = Appointment {
            id: AppointmentId::derived(&[&name]),
            person: person.id,
            practitioner: None,
            location: None,
            service_type: None,
            starts_at,
            ends_at: starts_at + SignedDuration::from_mins(30),
            wall: zone.wall(starts_at),
            zone,
            status: appointments::Status::Scheduled,
            confirmation: Confirmation::default(),
            out_of_reach: false,
            first_visit: false,
            online: false,
            created_at: now,
            cancel_reason: None,
            generation: 1,
            deleted_at: None,
            origin: origin(),
        };
        let draft = Draft {
            id: MessageId::derived_at(now, &[&name]),
            person: person.id,
            route: Route::Only(Channel::Sms),
            category: Category::Appointment,
            body: Body::Text { subject: None, text: format!("Hello {seed}").into() },
            send_at: now,
            not_after: Some(starts_at),
            about: Some(About {
                appointment: visit.id,
                generation: 1,
                statuses: Vec::new(),
                out_of_reach: true,
                unless_confirmed: false,
            }),
            asks: None,
            source: messaging::Source::Staff { by: "crash".to_owned() },
            resend_of: None,
        };
        let message = Message::from_draft(draft, now);
        let mut write = table.write();
        write.create(&person).create(&visit);
        messaging::plan(&mut write, &message);
        write.commit().await.unwrap();
        let mut evidence = Evidence::of(Method::Form, now);
        evidence.text_version = Some("1".to_owned());
        let care = Grant::care(Channel::Sms);
        consent::grant(table, &address, Some(person.id), care, &staff(), evidence).await.unwrap();
        (person.id, address, visit.id, message.id)
    }

    /// Plays one history up to where everybody who lives has done what they could.
    pub(crate) async fn plays(&mut self, seed: u64) {
        let history = History::of(seed);
        let mut dice = Dice::new(seed ^ 0x5eed);
        if dice.percent(10) {
            // A process that was started just now remembers nothing.
            self.senders = SENDERS.map(|who| Worker::new(&self.house, who, &self.trace));
        }
        let (person, address, visit, message) = self.sets_out(seed).await;
        for answer in &history.answers {
            self.house.providers.will(answer.clone());
        }
        for (worker, kill) in self.senders.iter().zip(history.kills) {
            worker.fuse.arm(kill, dice.next() | 1);
        }
        self.others.arm(None, dice.next() | 1);
        self.trace.take();
        let request = SendRequested { clinic: self.table.clinic(), message };
        let [first, second] = &self.senders;
        let work = async {
            tokio::join!(
                first.works(&self.house, request, history.requests[0]),
                second.works(&self.house, request, history.requests[1]),
            )
        };
        let (_, taken_back, ()) = tokio::join!(
            work,
            self.meanwhile(&history, person, &address, visit, message),
            self.receipts(&history, message),
        );
        let calls = self.trace.take();
        for call in &calls {
            (call.who, &call.what).hash(&mut self.hash);
        }
        Self::nobody_was_told_too_late(&history, &calls);
        self.house.providers.forgets();
        self.played.push(Played { seed, history, message, taken_back });
    }

    async fn meanwhile(
        &self,
        history: &History,
        person: PersonId,
        address: &Address,
        visit: AppointmentId,
        message: MessageId,
    ) -> bool {
        for _ in 0..history.patience {
            tokio::task::yield_now().await;
        }
        let actor = Actor::patient(person);
        match history.meanwhile {
            Meanwhile::Nothing => false,
            Meanwhile::Cancel => messaging::cancel(&self.table, &staff(), message, None).await.is_ok(),
            Meanwhile::OptOut => {
                let evidence = Evidence::of(Method::Sms, self.house.clock.now());
                let stopped =
                    consent::opt_out(&self.table, address, Some(person), Scope::All, &actor, evidence).await;
                assert!(stopped.unwrap().opted_out());
                false
            }
            Meanwhile::Move => {
                let starts_at = self.house.clock.now() + hours(48);
                let change = Change::Move { starts_at, ends_at: None, location: None, practitioner: None };
                appointments::change(&self.table, &NoPlan, &actor, visit, None, &change).await.unwrap();
                false
            }
        }
    }

    /// The provider tells how the message fares, as soon as it has it: perhaps before anybody else knows.
    async fn receipts(&self, history: &History, message: MessageId) {
        let mut told = history.receipts.iter();
        for _ in 0..120 {
            tokio::task::yield_now().await;
            let Some(sent) = self.house.sent(message) else { continue };
            let Some(status) = told.next() else { return };
            let platform = platform::Platform {
                table: self.house.platform.table.clone(),
                ..self.house.platform.clone()
            };
            let receipt = Receipt {
                provider: Provider::Twilio,
                provider_id: sent.provider_id.clone(),
                message: Some(message),
                clinic: Some(sent.clinic),
                attempt: Some(sent.attempt),
                status: serde_json::from_value::<ReceiptStatus>(status.to_uppercase().into()).unwrap(),
                error: None,
                at: None,
                address: None,
                machine_open: false,
            };
            receipt::apply(&platform, &receipt).await.unwrap();
        }
    }

    /// No provider is called if an opt-out or a move had been written before the sender read the fact for the
    /// last time, and it reads after its claim.
    fn nobody_was_told_too_late(history: &History, calls: &[Call]) {
        let fact = match history.meanwhile {
            Meanwhile::OptOut => "standing#",
            Meanwhile::Move => "appointment#",
            Meanwhile::Nothing | Meanwhile::Cancel => return,
        };
        let written = calls.iter().position(|call| call.who == "others" && call.what == "TransactWriteItems");
        let Some(written) = written else { return };
        for who in SENDERS {
            let mine: Vec<(usize, &Call)> =
                calls.iter().enumerate().filter(|(_, call)| call.who == who).collect();
            for (at, _) in mine.iter().filter(|(_, call)| call.what == "POST") {
                let before = || mine.iter().filter(|(index, _)| index < at);
                let read =
                    before().rfind(|(_, call)| call.what == "BatchGetItem" && call.body.contains(fact));
                let claim =
                    before().rfind(|(_, call)| call.what == "PutItem" && call.body.contains("SENDING"));
                let (read, claim) = (read.expect("the fact is read").0, claim.expect("there is a claim").0);
                assert!(claim < read, "{history:?}: the facts are read after the claim");
                assert!(
                    read < written,
                    "{history:?}: sent although it had been written before the last read"
                );
            }
        }
    }

    /// Lets all that is left come to its end, and looks at what must hold; gives back what the histories were.
    pub(crate) async fn settles(mut self) -> u64 {
        self.house.time_passes(hours(3)).await;
        let left = self.house.left_behind();
        assert!(left.is_empty(), "{left:?}");
        let mut statuses: BTreeMap<String, i64> = BTreeMap::new();
        for played in &self.played {
            let kept = self.house.message(played.message).await;
            *statuses.entry(kept.status.name().to_owned()).or_default() += 1;
            (played.message, kept.status, kept.attempts.len()).hash(&mut self.hash);
            self.holds(played, &kept).await;
        }
        let mut counted: BTreeMap<String, i64> = BTreeMap::new();
        for count in counters::counts(&self.house.table, "2026-06").await.unwrap() {
            *counted.entry(count.status).or_default() += count.messages;
        }
        assert_eq!(counted, statuses, "every message is in one figure");
        self.hash.finish()
    }

    async fn holds(&self, played: &Played, kept: &Message) {
        let case = format!("seed {}, {:?}: {kept:?}", played.seed, played.history);
        let taken = self.house.outbox().iter().filter(|sent| sent.message == played.message).count();
        let heard = self.house.providers.heard();
        let heard: Vec<_> = heard.iter().filter(|sent| sent.message == played.message).collect();
        assert!(taken <= 1, "taken twice: {case}");
        assert!(
            heard.windows(2).all(|pair| pair[0].attempt < pair[1].attempt),
            "an attempt is one call: {case}"
        );
        assert!(kept.attempts.len() >= heard.len(), "every call is on the record: {case}");
        match kept.status {
            Status::Sent | Status::Delivered | Status::Read => assert_eq!(taken, 1, "{case}"),
            Status::Cancelled | Status::Skipped | Status::Expired => assert_eq!(taken, 0, "{case}"),
            Status::Failed => {
                let told = played.history.receipts.contains(&"undelivered");
                assert!(taken == 0 || told, "{case}");
            }
            Status::Unknown => {}
            _ => panic!("not settled: {case}"),
        }
        if played.taken_back {
            assert!(taken == 0 && kept.status == Status::Cancelled, "{case}");
        }
        let desk = self.house.table.get::<NotSent>(&NotSentKey { message: played.message }).await.unwrap();
        let wants =
            matches!(kept.status, Status::Unknown | Status::Failed | Status::Skipped | Status::Expired);
        let shown = desk.is_some_and(|shown| shown.resolved.is_none());
        assert_eq!(shown, wants, "the desk shows what reached nobody: {case}");
        // What nothing stood against, nobody died over and the provider took as soon as it was asked has arrived.
        let calm = played.history.kills == [None, None] && played.history.meanwhile == Meanwhile::Nothing;
        let easy = played.history.answers.iter().all(|answer| {
            matches!(answer, Answer::Accept | Answer::AcceptUnheard | Answer::Busy | Answer::Unreachable)
        });
        if calm && easy {
            assert_eq!(taken, 1, "lost: {case}");
        }
    }
}
