//! How many messages there are in which state, per day and source: the figures of which the owner sees that
//! they add up.
//!
//! The projector moves a message from one count to the next as its status changes. A change that is told twice
//! is counted once.

use jiff::SignedDuration;
use kernel::{Channel, Timestamp, Zone};
use people::{Clinic, Person};
use serde::Serialize;
use table::{
    ClinicTable, TableFault, WriteFault,
    keys::{CounterKey, PersonKey},
};

use crate::{Direction, Message, Source, Status, conversation::Once};

/// Everything that was ever planned for a day is in exactly one of these.
fn count_key(message: &Message, status: Status) -> CounterKey {
    let day = message.shifted_from.unwrap_or(message.send_at).strftime("%Y-%m-%d").to_string();
    let source = match (&message.direction, &message.source) {
        (Direction::In, _) => "inbound",
        (_, Source::Reminder { .. }) => "reminder",
        (_, Source::Reply { .. }) => "reply",
        (_, Source::Digest { .. }) => "digest",
        _ => "staff",
    };
    CounterKey { of: "messages".to_owned(), name: format!("{day}.{source}.{}", status.name()) }
}

/// Moves a message between counts.
pub async fn count(
    table: &ClinicTable,
    before: Option<&Message>,
    after: &Message,
    rev: u64,
) -> Result<(), WriteFault> {
    let to = count_key(after, after.status);
    let from = before.map(|before| count_key(before, before.status));
    if from.as_ref() == Some(&to) {
        return Ok(());
    }
    let now = table.clock().now();
    let until = now.checked_add(SignedDuration::from_hours(48)).unwrap_or(Timestamp::MAX);
    let once = Once { of: after.id.to_string(), what: format!("counted {rev}"), at: now, until };
    let mut write = table.write();
    write.create(&once).add(&to, 1, None);
    if let Some(from) = from {
        write.add(&from, -1, None);
    }
    match write.commit().await {
        Err(WriteFault::Conflict { act: 0, .. }) => Ok(()),
        other => other,
    }
}

/// Counts a message that was sent for the caps of its reader. Told twice is counted once.
pub async fn count_for_caps(table: &ClinicTable, message: &Message) -> Result<(), WriteFault> {
    if message.channel == Some(Channel::InApp) {
        return Ok(());
    }
    let reader = message.recipient.unwrap_or(message.person);
    let zone = match table
        .get::<Person>(&PersonKey { person: reader })
        .await?
        .and_then(|person| person.zone.clone())
    {
        Some(zone) => zone,
        None => Clinic::read(table).await?.map_or_else(Zone::utc, |clinic| clinic.zone.clone()),
    };
    let at = message.times.get(&Status::Sent).copied().unwrap_or(message.send_at);
    let until = at.checked_add(SignedDuration::from_hours(48)).unwrap_or(Timestamp::MAX);
    let mut write = table.write();
    write.create(&Once { of: message.id.to_string(), what: "capped".to_owned(), at, until });
    consent::count(&mut write, reader, &zone, at, message.category);
    match write.commit().await {
        Err(WriteFault::Conflict { act: 0, .. }) => Ok(()),
        other => other,
    }
}

/// The messages of a day by source and status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// The day (UTC) they were planned for.
    pub day: String,
    /// `reminder`, `staff`, `reply`, `digest` or `inbound`.
    pub source: String,
    /// The status.
    pub status: String,
    /// How many.
    pub messages: i64,
}

/// The counts of one day, `2026-11-22`, or of a month, `2026-11`.
pub async fn counts(table: &ClinicTable, period: &str) -> Result<Vec<DayCount>, TableFault> {
    let counters = table.counts("messages", period).await?;
    Ok(counters
        .into_iter()
        .filter(|counter| counter.value != 0)
        .filter_map(|counter| {
            let mut parts = counter.name.splitn(3, '.');
            Some(DayCount {
                day: parts.next()?.to_owned(),
                source: parts.next()?.to_owned(),
                status: parts.next()?.to_owned(),
                messages: counter.value,
            })
        })
        .collect())
}
