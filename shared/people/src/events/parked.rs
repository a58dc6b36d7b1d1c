//! Events that cannot be used yet.

use kernel::{Cursor, EventId, Limit, Masked, Page, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use table::{
    ClinicTable, Entity, Kept, TableFault,
    keys::{ParkedEventKey, ParkedEvents, Place},
};

use super::Envelope;

/// Why an event is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// No part of the product reads this type.
    TypeUnknown,
    /// No part of the product reads this version of the type.
    VersionUnknown,
    /// It tells news of something we have not heard of.
    SubjectUnknown,
}

/// An event that cannot be used yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParkedEvent {
    /// Our id of the event.
    pub id: EventId,
    /// What it is about, or its type if that is not known.
    pub subject: String,
    /// Why it is parked.
    pub reason: Reason,
    /// What happened.
    pub event_type: String,
    /// The version of its form.
    pub event_version: u64,
    /// Who told it.
    pub producer: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it came.
    pub parked_at: Timestamp,
    /// All of it.
    pub envelope: Masked<Value>,
}

/// How long a parked event is kept.
const DAYS: i64 = 180;

impl ParkedEvent {
    pub(crate) fn new(event: &Envelope, subject: Option<&str>, reason: Reason, now: Timestamp) -> Self {
        Self {
            id: event.id(),
            subject: subject.map_or_else(|| format!("type:{}", event.event_type), str::to_owned),
            reason,
            event_type: event.event_type.clone(),
            event_version: event.event_version,
            producer: event.producer.clone(),
            occurred_at: event.occurred_at,
            parked_at: now,
            envelope: serde_json::to_value(event).unwrap_or_default().into(),
        }
    }
}

impl Entity for ParkedEvent {
    type Key = ParkedEventKey;

    fn key(&self) -> ParkedEventKey {
        ParkedEventKey { subject: self.subject.clone(), at: self.occurred_at, event: self.id }
    }

    fn listed(&self) -> Option<Place> {
        Some(ParkedEvents { at: self.parked_at, event: self.id }.into())
    }

    fn expires(&self) -> Option<Timestamp> {
        self.parked_at.checked_add(jiff::SignedDuration::from_hours(24 * DAYS)).ok()
    }
}

/// The parked events of the clinic, the latest first.
pub async fn parked(
    table: &ClinicTable,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<ParkedEvent>>, TableFault> {
    table.list(&ParkedEvents::all().backwards(), limit, after).await
}

/// Those that wait for a subject, in the order in which they happened.
pub(crate) async fn waiting(
    table: &ClinicTable,
    subject: &str,
) -> Result<Vec<Kept<ParkedEvent>>, TableFault> {
    table.list_short(&ParkedEventKey::within(subject.to_owned()), 100).await
}

/// That an event was taken, so that it is taken once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TakenEvent {
    pub(crate) id: EventId,
    pub(crate) digest: String,
    pub(crate) at: Timestamp,
}

impl Entity for TakenEvent {
    type Key = table::keys::TakenEventKey;

    fn key(&self) -> Self::Key {
        table::keys::TakenEventKey { event: self.id }
    }

    fn expires(&self) -> Option<Timestamp> {
        // Longer than any producer repeats itself; a later repetition is still stopped by its version.
        self.at.checked_add(jiff::SignedDuration::from_hours(24 * 90)).ok()
    }
}

impl TakenEvent {
    pub(crate) fn new(event: &Envelope, at: Timestamp) -> Self {
        Self { id: event.id(), digest: event.digest(), at }
    }
}
