//! How many messages there are in which state, per day and source: the figures of which the owner sees that
//! they add up.
//!
//! The projector moves a message from one count to the next as its status changes. A change that is told twice
//! is counted once.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use kernel::{Channel, MessageId, Timestamp, Zone};
use people::Person;
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Entity, TableFault, WriteFault,
    keys::{CountedKey, CounterKey, PersonKey},
};

use crate::{Direction, Message, Source, Status};

/// Everything that was ever planned for a day of the clinic is in exactly one of these.
fn figure(message: &Message, zone: &Zone) -> String {
    let day = zone.wall(message.shifted_from.unwrap_or(message.send_at)).date();
    let source = match (&message.direction, &message.source) {
        (Direction::In, _) => "inbound",
        (_, Source::Reminder { .. }) => "reminder",
        (_, Source::Reply { .. }) => "reply",
        (_, Source::Digest { .. }) => "digest",
        _ => "staff",
    };
    format!("{day}.{source}.{}", message.status.name())
}

/// In which figure a message is counted, and since which of its revisions. It outlives the stream that tells of
/// changes; what is told by the stream after that has its image of before to say where the message was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Counted {
    message: MessageId,
    rev: u64,
    figure: String,
    at: Timestamp,
}

impl Entity for Counted {
    type Key = CountedKey;

    fn key(&self) -> CountedKey {
        CountedKey { message: self.message }
    }

    fn expires(&self) -> Option<Timestamp> {
        self.at.checked_add(SignedDuration::from_hours(48)).ok()
    }
}

/// A change of a message: what it was, what it is, and its revision.
#[derive(Debug, Clone, Copy)]
pub struct Moved<'a> {
    /// What it was, if it was.
    pub before: Option<&'a Message>,
    /// What it is.
    pub after: &'a Message,
    /// Its revision.
    pub rev: u64,
}

/// How many messages one transaction moves: with a figure for each of them to leave and one to enter, still far
/// below what a transaction holds.
const AT_ONCE: usize = 30;

/// Moves messages of a clinic between counts. Changes of one message count as one, from where it was counted to where
/// its latest revision belongs; what is told twice, or too late, moves nothing. Days are those of the clinic's `zone`.
pub async fn count_all(table: &ClinicTable, zone: &Zone, moves: &[Moved<'_>]) -> Result<(), WriteFault> {
    let mut messages: BTreeMap<MessageId, (Moved<'_>, Moved<'_>)> = BTreeMap::new();
    for one in moves {
        let (first, last) = messages.entry(one.after.id).or_insert((*one, *one));
        if one.rev < first.rev {
            *first = *one;
        }
        if one.rev > last.rev {
            *last = *one;
        }
    }
    let messages: Vec<_> = messages.into_values().collect();
    for some in messages.chunks(AT_ONCE) {
        count_some(table, zone, some).await?;
    }
    Ok(())
}

async fn count_some(
    table: &ClinicTable,
    zone: &Zone,
    some: &[(Moved<'_>, Moved<'_>)],
) -> Result<(), WriteFault> {
    for exact in [false, true, true, true] {
        let mut reads = table.reads();
        // One that has just been made is counted nowhere yet. An answer of a moment ago, and this guess, can only
        // make the transaction fail.
        for (_, last) in some.iter().filter(|(first, _)| exact || first.before.is_some()) {
            reads.want(table, &CountedKey { message: last.after.id });
        }
        let found = if exact { reads.now().await } else { reads.lately().await }?;
        let mut write = table.write();
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for (first, last) in some {
            let counted = found.get::<Counted>(table, &CountedKey { message: last.after.id })?;
            if counted.as_ref().is_some_and(|counted| counted.rev >= last.rev) {
                continue;
            }
            let figure = figure(last.after, zone);
            let from = counted
                .as_ref()
                .map(|counted| counted.figure.clone())
                .or_else(|| first.before.map(|before| self::figure(before, zone)));
            if from.as_ref() == Some(&figure) {
                continue;
            }
            let new = Counted {
                message: last.after.id,
                rev: last.rev,
                figure: figure.clone(),
                at: table.clock().now(),
            };
            match &counted {
                Some(counted) => write.replace(counted, &new),
                None => write.create(&new),
            };
            *sums.entry(figure).or_default() += 1;
            if let Some(from) = from {
                *sums.entry(from).or_default() -= 1;
            }
        }
        for (figure, by) in sums.into_iter().filter(|(_, by)| *by != 0) {
            write.add(&CounterKey { of: "messages".to_owned(), name: figure }, by, None);
        }
        match write.commit().await {
            // Another one counts the same messages: what is left is counted anew.
            Err(fault) if fault.is_conflict() => {}
            other => return other,
        }
    }
    Err(WriteFault::Contended)
}

/// Moves one message between counts.
pub async fn count(
    table: &ClinicTable,
    zone: &Zone,
    before: Option<&Message>,
    after: &Message,
    rev: u64,
) -> Result<(), WriteFault> {
    count_all(table, zone, &[Moved { before, after, rev }]).await
}

/// Counts messages of a clinic that were sent for the caps of their readers, by the days of their zone, else of the
/// clinic's. Told twice is counted once.
pub async fn count_for_caps(
    table: &ClinicTable,
    zone: &Zone,
    messages: &[&Message],
) -> Result<(), WriteFault> {
    let messages: Vec<_> =
        messages.iter().filter(|message| message.channel != Some(Channel::InApp)).collect();
    if messages.is_empty() {
        return Ok(());
    }
    let reader = |message: &Message| message.recipient.unwrap_or(message.person);
    let mut reads = table.reads();
    for message in &messages {
        reads.want(table, &PersonKey { person: reader(message) });
    }
    let found = reads.lately().await?;
    for message in messages {
        let reader = reader(message);
        let person = found.get::<Person>(table, &PersonKey { person: reader })?;
        let zone = person.as_ref().and_then(|person| person.zone.as_ref()).unwrap_or(zone);
        let at = message.times.get(&Status::Sent).copied().unwrap_or(message.send_at);
        let mut write = table.write();
        consent::count(&mut write, reader, zone, at, message.category, message.id);
        write.commit().await?;
    }
    Ok(())
}

/// The messages of a day by source and status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// The day of the clinic they were planned for.
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
