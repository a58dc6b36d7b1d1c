//! What the tests stand on: a clinic with its templates and a patient.

use std::sync::Arc;

use access::Role;
use audit::{Actor, Who};
use jiff::SignedDuration;
use kernel::{AppointmentId, CallerId, ClinicId, Clock, Id, Lane, MessageId, PersonId, RuleId, Timestamp};
use messaging::Message;
use people::{
    Clinic, Person, Replan,
    appointments::{Appointment, Change, Changed, Confirmation, Status, change},
    origin::Origin,
};
use platform::{
    Platform, Settings,
    inside::{FixedSecrets, InsideQueue, Nothing},
};
use table::{
    ClinicTable, Kept,
    keys::{AppointmentKey, MessageKey, PlanKey},
};

use crate::{
    Reminders,
    plan::{Clocks, InForce, Plan, Step},
    rules::{self, Channels, Late, Rule, RuleChanged, RuleDraft, Timing, Unit},
};

pub(crate) const NEW_YORK: &str = "America/New_York";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn staff() -> Actor {
    Actor { who: Who::Staff { id: CallerId::FIRST, role: Role::ClinicAdmin }, request: None, from: None }
}

fn origin(id: &str) -> Origin {
    Origin::new("pms", id, None, Timestamp::UNIX_EPOCH)
}

/// A visit booked long ago, of half an hour.
pub(crate) fn visit(zone: &str, wall: &str) -> Appointment {
    let zone: kernel::Zone = zone.parse().unwrap();
    let starts_at = zone.instant(wall.parse().unwrap());
    Appointment {
        id: AppointmentId::derived(&[wall]),
        person: PersonId::derived(&["patient"]),
        practitioner: None,
        location: None,
        service_type: None,
        starts_at,
        ends_at: starts_at + SignedDuration::from_mins(30),
        wall: zone.wall(starts_at),
        zone,
        status: Status::Scheduled,
        confirmation: Confirmation::default(),
        out_of_reach: false,
        first_visit: false,
        online: false,
        created_at: starts_at - SignedDuration::from_hours(24 * 30),
        cancel_reason: None,
        generation: 1,
        deleted_at: None,
        origin: origin(wall),
    }
}

pub(crate) fn hours(amount: u32) -> Timing {
    Timing::Before { amount, unit: Unit::Hours, at: None }
}

pub(crate) fn morning() -> Timing {
    Timing::Before { amount: 0, unit: Unit::Days, at: Some("08:00".parse().unwrap()) }
}

pub(crate) fn in_force(name: &str, timing: Timing) -> InForce {
    let rule = Rule {
        id: RuleId::derived(&[name]),
        name: name.to_owned(),
        enabled: true,
        timing,
        statuses: vec![Status::Scheduled, Status::Confirmed],
        out_of_reach: true,
        channels: Channels::FirstOf(vec![kernel::Channel::Sms]),
        template: kernel::TemplateId::FIRST,
        template_version: 1,
        follow_latest: false,
        service_types: Vec::new(),
        asks_confirmation: false,
        skip_if_confirmed: false,
        late: Late::Skip,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        by: "test".to_owned(),
    };
    InForce { rule, version: 1, template_version: 1 }
}

/// The hours of a clinic that has set nothing: 08:00 to 21:00, for the patient 08:00 to 20:00.
pub(crate) fn usual_clocks(zone: &str) -> Clocks {
    let zone: kernel::Zone = zone.parse().unwrap();
    let clinic = Clinic::new(ClinicId::FIRST, "Smile", zone.clone());
    Clocks::new(consent::Rules::standard().clone(), &clinic, &zone, None, None)
}

pub(crate) struct Practice {
    pub(crate) platform: Platform,
    pub(crate) queue: InsideQueue,
    pub(crate) clinic: ClinicTable,
    pub(crate) clock: Clock,
}

/// A clinic in New York with the product's templates and one patient; no rules.
pub(crate) async fn practice(now: &str) -> Practice {
    let clock = Clock::fixed(at(now), 11);
    let table = embedded::table(clock.clone()).await;
    let queue = InsideQueue::new();
    let settings = Settings::from(|name| match name {
        "STAGE" => Some("test".to_owned()),
        "PUBLIC_URL" => Some("https://comms.example.com".to_owned()),
        _ => None,
    });
    let platform = Platform {
        clock: clock.clone(),
        table: table.clone(),
        queue: Arc::new(queue.clone()),
        files: Arc::new(Nothing),
        secrets: Arc::new(FixedSecrets::default()),
        http: Arc::new(Nothing),
        settings: Arc::new(settings.unwrap()),
    };
    let id = ClinicId::derived(&["clinic"]);
    let mut record = Clinic::new(id, "Smile", NEW_YORK.parse().unwrap());
    record.help_phone = Some("+12125550100".parse().unwrap());
    record.save(&table).await.unwrap();
    let clinic = table.of(id);
    templates::seed(&clinic).await.unwrap();
    let patient = Person::new(PersonId::derived(&["patient"]), origin("patient"), clock.now());
    let mut write = clinic.write();
    write.create(&patient);
    write.commit().await.unwrap();
    Practice { platform, queue, clinic, clock }
}

impl Practice {
    pub(crate) fn draft(&self, name: &str, timing: Timing) -> RuleDraft {
        RuleDraft {
            name: name.to_owned(),
            enabled: true,
            timing,
            statuses: vec![Status::Scheduled, Status::Confirmed],
            out_of_reach: true,
            channels: Channels::FirstOf(vec![kernel::Channel::Sms]),
            template: templates::seed_id(&self.clinic, "reminder_48h"),
            template_version: None,
            follow_latest: false,
            service_types: Vec::new(),
            asks_confirmation: false,
            skip_if_confirmed: false,
            late: Late::Skip,
        }
    }

    pub(crate) async fn rule(&self, name: &str, timing: Timing) -> Kept<Rule> {
        rules::create(&self.clinic, &staff(), &self.draft(name, timing)).await.unwrap()
    }

    pub(crate) fn reminders(&self) -> Reminders {
        Reminders::of(&self.clinic)
    }

    /// Books a visit as the mirror does.
    pub(crate) async fn book(&self, visit: &Appointment) {
        let mut write = self.clinic.write();
        write.create(visit);
        self.reminders().replan(&mut write, None, visit, None).await.unwrap();
        write.commit().await.unwrap();
    }

    /// A visit that was booked right now.
    pub(crate) async fn booked(&self, wall: &str) -> Appointment {
        let visit = Appointment { created_at: self.clock.now(), ..visit(NEW_YORK, wall) };
        self.book(&visit).await;
        visit
    }

    pub(crate) async fn change(&self, id: AppointmentId, what: Change) -> Changed {
        change(&self.clinic, &self.reminders(), &staff(), id, None, &what).await.unwrap()
    }

    pub(crate) async fn move_to(&self, id: AppointmentId, wall: &str) -> Changed {
        let starts_at = NEW_YORK.parse::<kernel::Zone>().unwrap().instant(wall.parse().unwrap());
        let what = Change::Move { starts_at, ends_at: None, location: None, practitioner: None };
        self.change(id, what).await
    }

    pub(crate) async fn visit(&self, id: AppointmentId) -> Kept<Appointment> {
        self.clinic.get(&AppointmentKey { appointment: id }).await.unwrap().unwrap()
    }

    pub(crate) async fn plan(&self, id: AppointmentId) -> Kept<Plan> {
        self.clinic.get(&PlanKey { appointment: id }).await.unwrap().unwrap()
    }

    pub(crate) async fn has_plan(&self, id: AppointmentId) -> bool {
        self.clinic.get::<Plan>(&PlanKey { appointment: id }).await.unwrap().is_some()
    }

    pub(crate) async fn message(&self, id: MessageId) -> Kept<Message> {
        self.clinic.get(&MessageKey { message: id }).await.unwrap().unwrap()
    }

    pub(crate) async fn message_of(&self, step: &Step) -> Kept<Message> {
        self.message(step.message.unwrap()).await
    }

    /// Puts a message into another status, as the sender does.
    pub(crate) async fn set(&self, id: MessageId, status: messaging::Status) {
        let kept = self.message(id).await;
        let next = (*kept).clone().moved(status, self.clock.now());
        let mut write = self.clinic.write();
        write.replace(&kept, &next);
        write.commit().await.unwrap();
    }

    /// All messages to the patient.
    pub(crate) async fn messages(&self) -> Vec<Kept<Message>> {
        let span = table::keys::MessagesOfPerson::all(PersonId::derived(&["patient"]));
        self.clinic.list(&span, kernel::Limit::MOST, None).await.unwrap().items
    }

    /// Lets the minute pass until nothing is left to plan anew, the second round after ten minutes included.
    pub(crate) async fn settle(&self) {
        for _ in 0..3 {
            crate::tick::run(&self.platform).await.unwrap();
            for delivery in self.queue.take(Lane::Reminders, 100) {
                let job: RuleChanged = delivery.job.read().unwrap().unwrap();
                rules::run(&self.platform, &job).await.unwrap();
            }
            self.clock.advance(SignedDuration::from_mins(6));
        }
    }
}
