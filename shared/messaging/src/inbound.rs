//! Taking in what somebody wrote: find who it is from, what they want, and do what follows.
//!
//! The webhook has kept it, and asked for the work, before it answered the provider ([`keep`]). What travels names
//! it and says nothing of what was written or by whom: a queue and its dead letters hold ids alone. Everything
//! here may run twice and may be killed between any two writes: each step is the same when it is done again, and
//! the message is marked as taken in only at the end.

mod answer;
mod find;
mod follow;
mod keep;

pub use keep::keep;

use audit::Actor;
use consent::{Address, reply};
use jiff::SignedDuration;
use kernel::{Category, Channel, ClinicId, Fault, Id, Job, Kind, Lane, MessageId, PersonId, Timestamp};
use people::Replan;
use platform::Platform;
use providers::{Inbound, OptOutType, Provider};
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Entity, Kept, TableFault, WriteFault,
    keys::{InboundKey, MessageKey, Place, UnmatchedInbound},
};

use crate::{Direction, Message, Route, Snapshot, Source, Status};
use find::Sender;

/// Somebody wrote to a number of a clinic: where what they wrote is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundReceived {
    /// The clinic that answers on the number.
    pub clinic: ClinicId,
    /// Who brought it.
    pub provider: Provider,
    /// The provider's id of it.
    pub provider_id: String,
}

impl Job for InboundReceived {
    const TYPE: &'static str = "inbound_received.2";
    const LANE: Lane = Lane::Inbound;
}

impl InboundReceived {
    /// The name of its due item: the same call by the provider is the same work.
    pub fn due_id(&self) -> String {
        format!("inbound-{}-{}", self.provider.name(), self.provider_id)
    }

    fn key(&self) -> InboundKey {
        InboundKey { provider: self.provider.name().to_owned(), provider_id: self.provider_id.clone() }
    }
}

/// What came in from outside, kept whole, with what was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// What came in.
    pub inbound: Inbound,
    /// When the provider told it first.
    pub received_at: Timestamp,
    /// Whose thread it went into; absent while it leads to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// How it was read; absent until it was. It is read once: what follows from it changes what is known, and
    /// read again it could mean something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<reply::Reading>,
    /// Whether the address was opted out when it was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
    /// Everything that follows from it was done.
    #[serde(default)]
    pub done: bool,
}

impl Received {
    /// Our id of the message.
    pub fn message_id(&self, clinic: ClinicId) -> MessageId {
        let parts = [&clinic.to_string(), self.inbound.provider.name(), &self.inbound.provider_id];
        MessageId::derived_at(self.received_at, &parts)
    }

    /// The id of the answer it gets by itself. Ids order a conversation by the millisecond: the answer is of the
    /// next one, so that it never stands before what it answers.
    fn answer_id(&self, clinic: ClinicId) -> MessageId {
        let next = SignedDuration::from_millis(1);
        let at = self.received_at.saturating_add(next).unwrap_or(self.received_at);
        MessageId::derived_at(at, &["answer", &self.message_id(clinic).to_string()])
    }
}

impl Entity for Received {
    type Key = InboundKey;

    fn key(&self) -> InboundKey {
        InboundKey {
            provider: self.inbound.provider.name().to_owned(),
            provider_id: self.inbound.provider_id.clone(),
        }
    }

    fn listed(&self) -> Option<Place> {
        let lost = self.done && self.person.is_none();
        lost.then(|| {
            UnmatchedInbound { at: self.received_at, provider_id: self.inbound.provider_id.clone() }.into()
        })
    }
}

/// What came in could not be taken in; it comes again.
#[derive(Debug, thiserror::Error)]
pub enum InboundFault {
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
    /// The ledger of consent.
    #[error(transparent)]
    Consent(#[from] consent::ledger::ConsentFault),
    /// The visit could not be changed for a reason that passes.
    #[error(transparent)]
    Visit(#[from] people::appointments::ChangeFault),
    /// The clinic has no record.
    #[error("the clinic {0} has no record")]
    NoClinic(ClinicId),
    /// The work names a message that is not kept; it is kept before the work is asked for.
    #[error("nothing is kept of the message {0}")]
    NotKept(String),
}

impl From<TableFault> for InboundFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for InboundFault {
    fn kind(&self) -> Kind {
        match self {
            // Somebody else took it in at the same time: look again.
            Self::Write(fault) if fault.is_conflict() => Kind::Unavailable,
            Self::Write(fault) => fault.kind(),
            Self::Consent(fault) => fault.kind(),
            Self::Visit(fault) => fault.kind(),
            Self::NoClinic(_) | Self::NotKept(_) => Kind::Broken,
        }
    }

    fn code(&self) -> &'static str {
        "inbound_not_taken_in"
    }
}

/// Takes a message in. Again is the same.
pub async fn take<R: Replan>(
    platform: &Platform,
    plan: &R,
    job: &InboundReceived,
) -> Result<(), InboundFault> {
    let table = platform.table.of(job.clinic);
    let kept = table.get::<Received>(&job.key()).await?;
    let kept = kept.ok_or_else(|| InboundFault::NotKept(job.provider_id.clone()))?;
    if kept.done {
        return Ok(());
    }
    let clinic = people::Clinic::read(&table).await?.ok_or(InboundFault::NoClinic(job.clinic))?;
    let settings = consent::settings(&table).await?.map(Kept::into_value).unwrap_or_default();
    let rules = settings.rules();
    let address = Address::Phone(kept.inbound.from.clone());
    let standing = consent::ledger::standings(&table, std::slice::from_ref(&address)).await?.pop();
    let opted_out = match &kept.reading {
        Some(_) => kept.opted_out,
        None => standing.as_ref().is_some_and(consent::ledger::Standing::opted_out),
    };
    let sender = Sender::find(&table, &address, kept.received_at).await?;
    let context = reply::Context {
        at: kept.received_at,
        opted_out,
        provider: provider_says(kept.inbound.opt_out_type.as_ref()),
        language: sender.language(),
        prompts: &sender.prompts,
        rules: &rules,
    };
    let (kept, reading) = if let Some(reading) = kept.reading.clone() {
        (kept, reading)
    } else {
        let reading = reply::read(kept.inbound.body.reveal(), &context);
        (note(&table, kept, &sender, &reading, opted_out).await?, reading)
    };
    let person = kept.person;
    let ends = reading.ends(&context, sender.category(&reading));
    let step = follow::Step {
        platform,
        table: &table,
        text: &kept,
        clinic: &clinic,
        address: &address,
        reading: &reading,
        sender: &sender,
        person,
        opted_out,
    };
    step.consent(ends).await?;
    if let Some(person) = person {
        store(&table, &kept, person).await?;
        step.visits(plan).await?;
        step.prompt().await?;
        step.tasks().await?;
    }
    step.answer().await?;
    finish(&table, kept).await
}

/// Notes how it was read and whose it is, before anything follows from it.
async fn note(
    table: &ClinicTable,
    kept: Kept<Received>,
    sender: &Sender,
    reading: &reply::Reading,
    opted_out: bool,
) -> Result<Kept<Received>, InboundFault> {
    let person = sender.person(reading);
    tracing::info!(
        inbound.provider_id = %kept.inbound.provider_id,
        inbound.intent = ?reading.intent,
        inbound.matched = person.is_some(),
        "a reply was read"
    );
    let read = Received { person, reading: Some(reading.clone()), opted_out, ..(*kept).clone() };
    let mut write = table.write();
    write.replace(&kept, &read);
    write.commit().await?;
    Ok(kept.followed_by(read))
}

fn provider_says(said: Option<&OptOutType>) -> Option<reply::ProviderSays> {
    match said? {
        OptOutType::Stop => Some(reply::ProviderSays::OptOut),
        OptOutType::Start => Some(reply::ProviderSays::OptIn),
        OptOutType::Help => Some(reply::ProviderSays::Help),
        OptOutType::Other(_) => None,
    }
}

/// Puts the message into the person's thread.
async fn store(table: &ClinicTable, kept: &Received, person: PersonId) -> Result<(), InboundFault> {
    let message = Message {
        id: kept.message_id(table.clinic()),
        direction: Direction::In,
        person,
        recipient: None,
        route: Route::Only(Channel::Sms),
        channel: Some(Channel::Sms),
        address: Some(providers::Address::Phone(kept.inbound.from.clone())),
        category: Category::General,
        source: Source::Outside,
        body: None,
        pieces: Vec::new(),
        said: Some(Snapshot { text: kept.inbound.body.clone(), ..Snapshot::default() }),
        status: Status::Delivered,
        times: [(Status::Delivered, kept.received_at)].into(),
        ended: None,
        send_at: kept.received_at,
        shifted_from: None,
        not_after: None,
        about: None,
        asks: None,
        decision: None,
        attempts: Vec::new(),
        claimed_until: None,
        resend_of: None,
        replied: None,
        created_at: kept.received_at,
    };
    if table.get::<Message>(&MessageKey { message: message.id }).await?.is_some() {
        return Ok(());
    }
    let mut write = table.write();
    write.create(&message);
    write.create(
        &Actor::patient(person)
            .did("message.received")
            .on("message", message.id)
            .patient(person)
            .entry(table),
    );
    match write.commit().await {
        Err(fault) if !fault.is_conflict() => Err(fault.into()),
        _ => Ok(()),
    }
}

async fn finish(table: &ClinicTable, kept: Kept<Received>) -> Result<(), InboundFault> {
    let done = Received { done: true, ..(*kept).clone() };
    let mut write = table.write();
    write.replace(&kept, &done);
    Ok(write.commit().await?)
}
