//! The clinic, and the functions around it.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use audit::{Actor, Who};
use automations::rules::{self, Channels, Late, Rule, RuleDraft, Timing};
use aws_sdk_dynamodb::types::AttributeValue;
use embedded::Embedded;
use futures::{FutureExt as _, future::LocalBoxFuture};
use kernel::{CallerId, Channel, ClinicId, Clock, Id as _, Lane, RawJob, Timestamp};
use messaging::{Message, Status as MessageStatus};
use people::{
    Clinic,
    appointments::Status,
    clinic::{MailSender, TextSender},
};
use platform::{
    Http, Platform, Settings, Worked,
    inside::{FixedSecrets, InsideQueue, Nothing},
};
use table::{ClinicTable, Due, Item, Kept, Table, changed};

use crate::{
    FakeProviders, Fuse, HELP_NUMBER, OUR_NUMBER, at,
    connect::{self, FusedHttp, FusedQueue},
};

/// Where the outside finds us.
pub const PUBLIC: &str = "https://comms.example.com";
/// What Twilio signs its calls with.
pub(crate) const TOKEN: &str = "a-token-of-tests";

/// The key of RFC 7515 A.2, which signs nothing but tests.
fn key_of_tests() -> String {
    let (begin, end) = (concat!("-----BEGIN ", "PRIVATE KEY-----"), concat!("-----END ", "PRIVATE KEY-----"));
    format!("{begin}\n{}\n{end}\n", include_str!("../../providers/src/token/rfc7515.txt"))
}
/// The topic that carries mail events.
pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:mail-events";
/// What SQS hands to a function at a time.
const BATCH: usize = 10;

/// A member of staff.
pub fn staff() -> Actor {
    Actor {
        who: Who::Staff { id: CallerId::FIRST, role: access::Role::ClinicAdmin },
        request: None,
        from: None,
    }
}

/// A clinic in New York with the product's templates, its functions, its table and its providers. It begins on
/// Monday 8 June 2026 at 10:00 on the clinic's clock.
pub struct House {
    /// The clock of everything; it stands still until it is moved.
    pub clock: Clock,
    /// The handles that the functions work on.
    pub platform: Platform,
    /// Twilio and SES.
    pub providers: FakeProviders,
    /// The queues of all lanes.
    pub queue: InsideQueue,
    /// The database.
    pub embedded: Embedded,
    /// The clinic's part of the table.
    pub table: ClinicTable,
    sender: sender::Work,
    inbound: inbound::Work,
    imports: imports::Work,
    reminders: reminders::Work,
    projector: projector::Work,
    /// How far the stream was followed.
    place: RefCell<Option<String>>,
    /// The minutes for which work was ever due.
    pub(crate) buckets: RefCell<BTreeSet<Timestamp>>,
    versions: Cell<u64>,
    leaves: Cell<bool>,
    wrong: Cell<bool>,
}

impl House {
    /// A clinic without rules and patients. The seed decides all ids.
    pub fn new(seed: u64) -> LocalBoxFuture<'static, Self> {
        Box::pin(Self::begins(seed, None))
    }

    /// A clinic whose own workers have this fuse in their wires; it leaves what opens the clinic alone.
    pub fn behind(seed: u64, fuse: Fuse) -> LocalBoxFuture<'static, Self> {
        Box::pin(Self::begins(seed, Some(fuse)))
    }

    async fn begins(seed: u64, fuse: Option<Fuse>) -> Self {
        let clock = Clock::fixed(at("2026-06-08T14:00:00Z"), seed);
        let embedded = Embedded::memory().expect("memory is there");
        let table = embedded.table(clock.clone()).await.expect("an empty database takes a table");
        let providers = FakeProviders::new(clock.clone());
        let queue = InsideQueue::new();
        let secrets = [
            ("twilio".to_owned(), format!("AC1:{TOKEN}")),
            ("twilio-hook".to_owned(), TOKEN.to_owned()),
            ("links".to_owned(), "a-secret-of-tests".to_owned()),
            // What the clinic's own account "vonage" proves itself with.
            (format!("clinics/{}/vonage", ClinicId::derived(&["house"])), key_of_tests()),
        ];
        let settings = Settings {
            stage: "test".to_owned(),
            public_url: PUBLIC.to_owned(),
            twilio_base_url: "https://twilio.example.com".to_owned(),
            twilio_account_sid: "AC1".to_owned(),
            vonage_base_url: "https://vonage.example.com".to_owned(),
            sendgrid_base_url: "https://sendgrid.example.com".to_owned(),
            ses_base_url: "https://ses.example.com".to_owned(),
            ses_configuration_set: "tests".to_owned(),
            ses_topic_arn: TOPIC.to_owned(),
        };
        let platform = Platform {
            clock: clock.clone(),
            table: table.clone(),
            queue: Arc::new(queue.clone()),
            files: Arc::new(Nothing),
            secrets: Arc::new(FixedSecrets::new(secrets)),
            http: Arc::new(providers.clone()),
            settings: Arc::new(settings),
        };
        let workers = fuse.map_or_else(|| platform.clone(), |fuse| fused(&platform, &embedded, &fuse));
        let house = Self {
            sender: sender::Work::on(&workers),
            inbound: inbound::Work::on(&workers),
            imports: imports::Work::on(&workers),
            reminders: reminders::Work::on(&workers),
            projector: projector::Work::on(&workers),
            table: table.of(ClinicId::derived(&["house"])),
            clock,
            platform,
            providers,
            queue,
            embedded,
            place: RefCell::default(),
            buckets: RefCell::default(),
            versions: Cell::new(0),
            leaves: Cell::new(false),
            wrong: Cell::new(false),
        };
        house.opens().await;
        house
    }

    async fn opens(&self) {
        let mut clinic =
            Clinic::new(self.table.clinic(), "Bright Smiles", "America/New_York".parse().unwrap());
        clinic.state = Some("NY".to_owned());
        clinic.help_phone = Some(HELP_NUMBER.parse().unwrap());
        clinic.text = Some(TextSender::Number { number: OUR_NUMBER.parse().unwrap() });
        clinic.mail = Some(MailSender {
            address: "hello@brightsmiles.example.com".parse().unwrap(),
            name: "Bright Smiles".to_owned(),
            reply_to: None,
        });
        clinic.save(&self.platform.table).await.unwrap();
        templates::seed(&self.table).await.unwrap();
        self.reminders.tick().await.unwrap();
        self.settles().await;
    }

    /// What the clinic has set, changed.
    pub async fn sets(&self, change: impl FnOnce(&mut Clinic)) {
        let mut clinic = Clinic::read(&self.table).await.unwrap().unwrap().into_value();
        change(&mut clinic);
        clinic.save(&self.platform.table).await.unwrap();
        // A sender remembers the clinic for half a minute.
        self.time_passes(crate::minutes(1)).await;
    }

    /// A rule by text message with the template of two days before, which asks to confirm.
    pub fn rule(&self, name: &str, timing: Timing) -> RuleDraft {
        RuleDraft {
            name: name.to_owned(),
            enabled: true,
            timing,
            statuses: vec![Status::Scheduled, Status::Confirmed],
            out_of_reach: true,
            channels: Channels::FirstOf(vec![Channel::Sms]),
            template: templates::seed_id(&self.table, "reminder_48h"),
            template_version: None,
            follow_latest: false,
            service_types: Vec::new(),
            asks_confirmation: true,
            skip_if_confirmed: false,
            late: Late::Skip,
        }
    }

    /// Takes a rule and lets it be carried into the plans.
    pub async fn has_rule(&self, draft: &RuleDraft) -> Kept<Rule> {
        let rule = rules::create(&self.table, &staff(), draft).await.unwrap();
        self.time_passes(crate::minutes(1)).await;
        rule
    }

    /// The next version that the clinic's other system counts.
    pub(crate) fn version(&self) -> u64 {
        self.versions.set(self.versions.get() + 1);
        self.versions.get()
    }

    /// The platform of one worker of its own, with a fuse in its wires.
    pub fn worker(&self, fuse: &Fuse) -> Platform {
        fused(&self.platform, &self.embedded, fuse)
    }

    /// One minute's tick.
    pub async fn ticks(&self) {
        self.reminders.tick().await.unwrap();
    }

    /// Works until no queue holds a job and the stream of changes has been followed.
    pub async fn settles(&self) {
        // So many rounds no work of a test takes; what makes itself anew would take them for ever.
        for _ in 0..10_000 {
            let mut busy = false;
            for lane in Lane::ALL {
                while self.batch(lane).await {
                    busy = true;
                }
            }
            if !self.follows().await && !busy {
                return;
            }
        }
        panic!("the work comes to no end");
    }

    async fn batch(&self, lane: Lane) -> bool {
        let taken = self.queue.take(lane, BATCH);
        if taken.is_empty() {
            return false;
        }
        let jobs: Vec<RawJob> = taken.iter().map(|delivery| delivery.job.clone()).collect();
        let worked: Vec<Worked> = match lane {
            Lane::Outbound => self.sender.run(jobs).await,
            Lane::Inbound => self.inbound.run(jobs).await,
            Lane::Imports => self.imports.run(jobs).await,
            Lane::Reminders => self.reminders.run(jobs).await,
        };
        self.queue.settle(taken.into_iter().zip(worked).collect());
        true
    }

    /// Follows the stream of changes to its end; whether there were any.
    pub async fn follows(&self) -> bool {
        let mut any = false;
        loop {
            let place = self.place.borrow().clone();
            let (changes, next) = self.embedded.changes(place.as_deref()).unwrap();
            *self.place.borrow_mut() = next.or(place);
            if changes.is_empty() {
                return any;
            }
            any = true;
            let due = changes.iter().filter_map(changed::<Due>).filter_map(|due| due.ok()?.1);
            self.buckets.borrow_mut().extend(due.map(|due| due.minute));
            self.projector.run(changes).await.unwrap();
        }
    }

    /// Everything the product remembers of the changes so far is told once more, as the stream may.
    pub async fn follows_again(&self) {
        *self.place.borrow_mut() = None;
        self.follows().await;
    }

    /// What is left behind is meant to be.
    pub fn may_leave_work(&self) {
        self.leaves.set(true);
    }

    /// What comes of it is looked at by others, such as where mistakes are made on purpose.
    pub fn may_go_wrong(&self) {
        self.wrong.set(true);
    }

    /// One batch of the stream goes to a projector of the caller's; whether it was followed or there is none. A
    /// batch that fails comes again.
    pub async fn follows_with(&self, projector: &projector::Work) -> bool {
        let place = self.place.borrow().clone();
        let (changes, next) = self.embedded.changes(place.as_deref()).unwrap();
        if changes.is_empty() {
            return true;
        }
        let due = changes.iter().filter_map(changed::<Due>).filter_map(|due| due.ok()?.1);
        self.buckets.borrow_mut().extend(due.map(|due| due.minute));
        let followed = projector.run(changes).await.is_ok();
        if followed {
            *self.place.borrow_mut() = next.or(place);
        }
        followed
    }

    /// All items of these kinds, as they stand in the table, by kind.
    pub fn items(&self, kinds: &[&str]) -> BTreeMap<String, Vec<Item>> {
        let mut found: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        let names: Vec<String> = (0..kinds.len()).map(|index| format!(":k{index}")).collect();
        let values =
            names.iter().zip(kinds).map(|(name, kind)| (name.clone(), AttributeValue::S((*kind).to_owned())));
        let values: HashMap<_, _> = values.collect();
        let mut from = None;
        loop {
            let scan = self
                .embedded
                .client()
                .scan()
                .table_name("comms")
                .filter_expression(format!("#k IN ({})", names.join(", ")))
                .expression_attribute_names("#k", "kind")
                .set_expression_attribute_values(Some(values.clone()))
                .set_exclusive_start_key(from)
                .send();
            // The database answers at once: nothing has to be waited for, so that this may run in a drop.
            let page = tokio::task::unconstrained(scan).now_or_never();
            let page = page.expect("the database is in this process").unwrap();
            for item in page.items.unwrap_or_default() {
                let kind = item.get("kind").and_then(|kind| kind.as_s().ok()).cloned();
                found.entry(kind.unwrap_or_default()).or_default().push(item);
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return found;
            }
        }
    }

    /// The messages among these items, which are taken out.
    pub fn messages(items: &mut BTreeMap<String, Vec<Item>>) -> Vec<Kept<Message>> {
        let items = items.remove("message").unwrap_or_default();
        items.into_iter().map(|item| table::unpack(item).unwrap()).collect()
    }

    /// What was left behind, in words.
    pub fn left_behind(&self) -> Vec<String> {
        let mut items = self.items(&["message", "inbound"]);
        let messages = Self::messages(&mut items);
        self.left_of(&messages, &items)
    }

    /// What of these is left behind, in words, and what is in the queues.
    pub fn left_of(&self, messages: &[Kept<Message>], items: &BTreeMap<String, Vec<Item>>) -> Vec<String> {
        let now = self.clock.now();
        let mut left = Vec::new();
        if !self.queue.is_idle() {
            left.push(format!("{} jobs wait in the queues", self.queue.waiting()));
        }
        left.extend(
            self.queue.dead().iter().map(|(job, fault)| format!("put aside: {} {fault}", job.r#type)),
        );
        for message in messages {
            let (status, due) = (message.status, message.send_at <= now);
            if status == MessageStatus::Sending
                || (matches!(status, MessageStatus::Queued | MessageStatus::Scheduled) && due)
            {
                left.push(format!("{} is {}", message.id, status.name()));
            }
        }
        for item in items.get("inbound").into_iter().flatten() {
            let done = item.get("d").and_then(|data| data.as_m().ok()).and_then(|data| data.get("done"));
            if done.and_then(|done| done.as_bool().ok()) != Some(&true) {
                left.push("something that came in was not taken in".to_owned());
            }
        }
        left
    }
}

/// The same platform with a fuse in the wires to the table, the queue and the providers.
fn fused(platform: &Platform, embedded: &Embedded, fuse: &Fuse) -> Platform {
    let client = connect::client(embedded, fuse);
    let http: Arc<dyn Http> = Arc::new(FusedHttp { fuse: fuse.clone(), http: platform.http.clone() });
    Platform {
        table: Table::new(move || client.clone(), "comms".to_owned(), platform.clock.clone()),
        queue: Arc::new(FusedQueue { fuse: fuse.clone(), queue: platform.queue.clone() }),
        http,
        ..platform.clone()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() || self.wrong.get() {
            return;
        }
        let twice = self.providers.taken_twice();
        assert!(twice.is_empty(), "taken twice by a provider: {twice:?}");
        if !self.leaves.get() {
            let left = self.left_behind();
            assert!(left.is_empty(), "left behind: {left:?}");
        }
    }
}
