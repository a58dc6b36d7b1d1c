//! The clinic in which histories are played, its workers, and the patients.

use std::sync::Arc;

use audit::Actor;
use automations::{
    Reminders,
    plan::{Plan, StepState},
    rules::{Late, Timing, Unit},
};
use axum::Router;
use consent::{
    Address, Grant,
    ledger::{Evidence, Method},
};
use jiff::SignedDuration;
use kernel::{AppointmentId, Category, Channel, Id, Job, MessageId, PersonId, RawJob};
use messaging::{About, Body, Draft, Message, Route, SendRequested};
use people::{
    Appointment, ContactKind, ContactPoint, Person,
    appointments::{self, Confirmation},
    mirror::Kind,
    origin::{Origin, mirrored},
};
use serde_json::json;
use table::{ClinicTable, keys::PlanKey};
use testkit::{Fuse, House, Mistake, Trace, hours, minutes, staff};

use crate::history::{Cause, History, Meanwhile};

/// The kind of visit that the clinic's one rule reminds of.
const REMINDED: &str = "cleaning";

/// The areas of telephone numbers: ten thousand seeds share one.
const AREAS: [u16; 5] = [212, 917, 718, 347, 929];

/// From here on seeds are of those who are there before the histories begin.
pub(crate) const WARM: u64 = 1 << 40;

pub(crate) const SENDERS: [&str; 2] = ["sender a", "sender b"];

/// A sender of its own, on handles of its own.
pub(crate) struct Worker {
    pub(crate) fuse: Fuse,
    pub(crate) work: sender::Work,
    mistake: Option<Arc<Mistake>>,
}

impl Worker {
    fn new(house: &House, who: &'static str, trace: &Trace, mistake: Option<&Arc<Mistake>>) -> Self {
        let fuse = Fuse::of(who, trace);
        let work = sender::Work::on(&house.worker(&fuse));
        fuse.errs(mistake);
        Self { fuse, work, mistake: mistake.cloned() }
    }

    /// What was not done comes again, as the queue has it.
    async fn comes_again(&self, house: &House, jobs: &[RawJob]) {
        let forgotten =
            !jobs.is_empty() && self.mistake.as_ref().is_some_and(|mistake| mistake.forgets_a_job());
        if !forgotten {
            platform::Queue::push(&house.queue, jobs).await.unwrap();
        }
    }

    /// Works at the same batch so many times, or dies.
    pub(crate) async fn works(&self, house: &House, batch: &[SendRequested], times: u64) {
        let work = async {
            for _ in 0..times {
                let jobs: Vec<_> = batch.iter().map(Job::raw).collect();
                let worked = self.work.run(jobs.clone()).await;
                let failed = jobs.into_iter().zip(worked).filter(|(_, worked)| worked.is_err());
                let failed: Vec<_> = failed.map(|(job, _)| job).collect();
                self.comes_again(house, &failed).await;
                self.fuse.pause().await;
            }
        };
        if Box::pin(self.fuse.run(work)).await.is_none() {
            // Nobody has settled the batch: the queue gives all of it to somebody else.
            let jobs: Vec<_> = batch.iter().map(Job::raw).collect();
            self.comes_again(house, &jobs).await;
        }
    }
}

/// A patient, the visit and the message about it.
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    pub(crate) person: PersonId,
    pub(crate) number: String,
    pub(crate) address: Address,
    pub(crate) visit: AppointmentId,
    pub(crate) message: MessageId,
    pub(crate) cause: Cause,
}

/// A clinic, its staff and patients, and its workers, with everything between them and the outside in hand.
pub(crate) struct Stage {
    pub(crate) house: House,
    pub(crate) trace: Trace,
    pub(crate) senders: [Worker; 2],
    /// Staff, patients and providers that call.
    pub(crate) others: Fuse,
    pub(crate) webhooks: Router,
    /// The same door, as the provider comes through it with receipts.
    pub(crate) receipts: Router,
    pub(crate) provider: Fuse,
    /// The table as the others see it.
    pub(crate) table: ClinicTable,
    /// What takes replies in.
    pub(crate) inbound: Fuse,
    pub(crate) taker: inbound::Work,
    pub(crate) mistake: Option<Arc<Mistake>>,
}

impl Stage {
    pub(crate) async fn new(seed: u64, mistake: Option<Arc<Mistake>>) -> Self {
        let own = Fuse::silent("house");
        let house = House::behind(seed, own.clone()).await;
        // Of visits that staff writes about nobody is reminded.
        let (late, service_types) = (Late::SendNow, vec![REMINDED.to_owned()]);
        let timing = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
        let rule =
            automations::rules::RuleDraft { late, service_types, ..house.rule("two hours before", timing) };
        house.has_rule(&rule).await;
        let trace = Trace::default();
        let (others, inbound) = (Fuse::of("others", &trace), Fuse::of("inbound", &trace));
        let platform = house.worker(&others);
        let provider = Fuse::of("provider", &trace);
        let receipts = webhooks::open(&house.worker(&provider)).unwrap();
        let webhooks = webhooks::open(&platform).unwrap();
        let taker = inbound::Work::on(&house.worker(&inbound));
        let table = platform.table.of(house.table.clinic());
        for fuse in [&own, &others, &inbound, &provider] {
            fuse.errs(mistake.as_ref());
        }
        if mistake.is_some() {
            house.may_go_wrong();
        }
        let senders = SENDERS.map(|who| Worker::new(&house, who, &trace, mistake.as_ref()));
        Self { house, trace, senders, others, webhooks, receipts, provider, table, inbound, taker, mistake }
    }

    /// Processes that were started just now.
    pub(crate) fn starts_senders(&mut self) {
        self.senders = SENDERS.map(|who| Worker::new(&self.house, who, &self.trace, self.mistake.as_ref()));
    }

    pub(crate) fn request(&self, message: MessageId) -> SendRequested {
        SendRequested { clinic: self.house.table.clinic(), message }
    }

    /// A patient who agreed, with a visit ahead and a message about it that is due now.
    pub(crate) async fn casts(&self, seed: u64, history: &History) -> Cast {
        // All of them are in New York.
        let area =
            if seed < WARM { AREAS[usize::try_from(seed / 10_000 % 5).expect("below five")] } else { 646 };
        let number = format!("+1{area}{:07}", 5_550_000 + seed % 10_000);
        match history.cause {
            Cause::Reminder => self.is_reminded(seed, number).await,
            Cause::Staff => {
                let known = matches!(history.meanwhile, Meanwhile::Writes(_));
                self.is_written_to(seed, number, known).await
            }
        }
    }

    /// Through the clinic's other system, with a plan by the rule.
    async fn is_reminded(&self, seed: u64, number: String) -> Cast {
        let (house, now) = (&self.house, self.house.clock.now());
        let patient = house.patient(&format!("p{seed}")).with_text(&number).who_agreed().await;
        let key = format!("v{seed}");
        let data = json!({
            "person": patient.key,
            "starts_at": format!("{}:00", house.wall(now + minutes(90))),
            "minutes": 30,
            "service_type": REMINDED,
            "status": "SCHEDULED",
            "created_at": now,
        });
        house.mirror_says(Kind::Appointment, &key, &data).await;
        let visit = mirrored(&house.table, "pms", &key);
        let message = self.planned(visit).await.expect("a visit in an hour and a half is reminded of now");
        let address = Address::read(&number).unwrap();
        Cast { person: patient.id, number, address, visit, message, cause: Cause::Reminder }
    }

    /// The message that is planned for a visit now.
    pub(crate) async fn planned(&self, visit: AppointmentId) -> Option<MessageId> {
        let plan = self.house.table.get::<Plan>(&PlanKey { appointment: visit }).await.unwrap()?;
        let step = plan.steps.iter().find(|step| step.state == StepState::Planned);
        step.and_then(|step| step.message)
    }

    async fn is_written_to(&self, seed: u64, number: String, known: bool) -> Cast {
        let (house, now) = (&self.house, self.house.clock.now());
        let table = &house.table;
        let name = seed.to_string();
        let origin = || Origin::new("crash", &name, None, now);
        let address = Address::read(&number).unwrap();
        let mut write = table.write();
        let person = if known {
            // Somebody who writes has to be found by the number.
            house.patient(&format!("p{seed}")).with_text(&number).without_consent().await.id
        } else {
            let mut person = Person::new(PersonId::derived(&[&name]), origin(), now);
            let region = people::Region::us();
            person
                .contacts
                .push(ContactPoint::read(person.id, ContactKind::Text, &number, 1, region).unwrap());
            write.create(&person);
            person.id
        };
        let starts_at = now + hours(24);
        let zone: kernel::Zone = "America/New_York".parse().unwrap();
        let visit = Appointment {
            id: AppointmentId::derived(&[&name]),
            person,
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
            person,
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
        write.create(&visit);
        messaging::plan(&mut write, &message);
        write.commit().await.unwrap();
        let mut evidence = Evidence::of(Method::Form, now);
        evidence.text_version = Some("1".to_owned());
        let care = Grant::care(Channel::Sms);
        consent::grant(table, &address, Some(person), care, &staff(), evidence).await.unwrap();
        Cast { person, number, address, visit: visit.id, message: message.id, cause: Cause::Staff }
    }

    /// Something is done about the visit. What staff has written has no plan behind it.
    pub(crate) async fn changes(&self, cast: &Cast, change: &appointments::Change) -> bool {
        let actor = Actor::patient(cast.person);
        let (table, visit) = (&self.table, cast.visit);
        match cast.cause {
            Cause::Reminder => {
                appointments::change(table, &Reminders::of(table), &actor, visit, None, change).await.is_ok()
            }
            Cause::Staff => {
                appointments::change(table, &people::NoPlan, &actor, visit, None, change).await.is_ok()
            }
        }
    }
}
