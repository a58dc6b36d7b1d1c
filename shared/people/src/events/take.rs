//! Taking events: each once, in order of when it happened, with an answer for each.

use std::collections::BTreeMap;

use audit::Actor;
use futures::future::try_join_all;
use kernel::{Detail, EventId, Fault, Kind};
use serde::Serialize;
use serde_json::Value;
use table::{ClinicTable, Kept, WriteFault, keys::TakenEventKey};

use super::{
    Envelope, ParkedEvent, Reason,
    catalogue::{self, Told, subject_of},
    parked::{TakenEvent, waiting},
};
use crate::{
    appointments::Replan,
    mirror::{self, Desk, DeskFault, Effect, Rule, Says, Statement},
};

/// The most events of one call.
pub const MOST: usize = 100;

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "became", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Became {
    /// It was taken.
    Applied {
        /// What it did.
        effect: Effect,
    },
    /// It was taken before.
    Duplicate,
    /// Something later is known already.
    Ignored {
        /// Why.
        effect: Effect,
    },
    /// It is kept for later.
    Parked {
        /// Why.
        reason: Reason,
    },
    /// It was not taken and is not kept.
    Refused {
        /// The stable code.
        code: &'static str,
        /// What is wrong, by field.
        details: Vec<Detail>,
    },
}

/// One event of a call and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The producer's id, if it could be read.
    #[serde(rename = "eventId", skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub became: Became,
}

/// Why none of the events was taken. Some groups may have been; sending all again is safe.
#[derive(Debug, thiserror::Error)]
pub enum EventsFault {
    /// Too many or none at once.
    #[error("{0} events are not between 1 and {MOST}")]
    Count(usize),
    /// The clinic.
    #[error(transparent)]
    Desk(#[from] DeskFault),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<table::TableFault> for EventsFault {
    fn from(fault: table::TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for EventsFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Count(_) => Kind::Invalid,
            Self::Desk(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Count(_) => "events_count",
            Self::Desk(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
        }
    }
    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Count(_) => vec![Detail::new("/events", format!("send 1 to {MOST} events at once"))],
            Self::Desk(fault) => fault.details(),
            Self::Write(fault) => fault.details(),
        }
    }
}

/// An event on its way: where it stands in the call, and what it says if it says anything.
struct Row {
    index: usize,
    event: Envelope,
    subject: Option<String>,
    says: Result<Statement, Reason>,
    parked: Option<Kept<ParkedEvent>>,
}

fn refused(code: &'static str, details: Vec<Detail>) -> Became {
    Became::Refused { code, details }
}

/// Takes up to 100 events. An event that was taken before is a duplicate, even within the call; under its id
/// another one is refused. Order within the call does not matter, only when they happened.
pub async fn take<R: Replan>(
    table: &ClinicTable,
    plan: &R,
    actor: &Actor,
    events: &[Value],
) -> Result<Vec<Outcome>, EventsFault> {
    if events.is_empty() || events.len() > MOST {
        return Err(EventsFault::Count(events.len()));
    }
    let mut desk = Desk::open(table).await?;
    let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
    let mut read: Vec<(usize, Envelope)> = Vec::new();
    let mut first: BTreeMap<EventId, String> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        let at = format!("/{index}");
        let (event_id, became) = match Envelope::read(event, &at) {
            Err(details) => (None, refused("event_invalid", details)),
            Ok(event) if event.tenant_id != table.clinic() => {
                let details = vec![Detail::new(format!("{at}/tenantId"), "is another clinic")];
                (Some(event.event_id), refused("event_of_another_clinic", details))
            }
            Ok(event) => {
                if let Some(digest) = first.get(&event.id()) {
                    let became = repeated(*digest == event.digest(), &at);
                    (Some(event.event_id), became)
                } else {
                    first.insert(event.id(), event.digest());
                    read.push((index, event));
                    continue;
                }
            }
        };
        outcomes.insert(index, Outcome { event_id, became });
    }
    let keys: Vec<_> = read.iter().map(|(_, event)| TakenEventKey { event: event.id() }).collect();
    let taken = if keys.is_empty() { Vec::new() } else { table.get_many::<TakenEvent>(&keys).await? };
    let mut rows = Vec::new();
    for ((index, event), taken) in read.into_iter().zip(taken) {
        let at = format!("/{index}");
        let became = match taken {
            Some(taken) => repeated(taken.digest == event.digest(), &at),
            None => match catalogue::read(&desk.reading(&event.producer), &event, &at) {
                Told::Wrong(details) => refused("event_data_invalid", details),
                Told::Parked(reason) => {
                    rows.push(Row { index, event, subject: None, says: Err(reason), parked: None });
                    continue;
                }
                Told::Says { subject, statement } => {
                    let subject = Some(subject);
                    rows.push(Row { index, event, subject, says: Ok(*statement), parked: None });
                    continue;
                }
            },
        };
        outcomes.insert(index, Outcome { event_id: Some(event.event_id), became });
    }
    rows.sort_by_key(|row| row.event.occurred_at);
    outcomes.extend(apply(table, &mut desk, plan, actor, rows).await?);
    Ok(outcomes.into_values().collect())
}

fn repeated(same: bool, at: &str) -> Became {
    if same {
        Became::Duplicate
    } else {
        let details = vec![Detail::new(format!("{at}/eventId"), "was used for another event before")];
        refused("event_id_reused", details)
    }
}

async fn apply<R: Replan>(
    table: &ClinicTable,
    desk: &mut Desk<'_>,
    plan: &R,
    actor: &Actor,
    rows: Vec<Row>,
) -> Result<Vec<(usize, Outcome)>, EventsFault> {
    let statements: Vec<Vec<Statement>> =
        rows.iter().map(|row| row.says.as_ref().ok().cloned().into_iter().collect()).collect();
    let now = table.clock().now();
    let taken =
        mirror::take(table, desk, plan, Rule::News, &statements, &["taken_event"], |_, write, group| {
            for (row, taken) in rows[group.rows].iter().zip(group.taken) {
                let reason = match (&row.says, taken) {
                    (Err(reason), _) => Some(*reason),
                    (Ok(_), Err(refused)) if refused.about_unknown => Some(Reason::SubjectUnknown),
                    _ => None,
                };
                if let Some(reason) = reason {
                    if row.parked.is_none() {
                        write.put_always(&ParkedEvent::new(&row.event, row.subject.as_deref(), reason, now));
                    }
                } else if taken.is_ok() {
                    write.create(&TakenEvent::new(&row.event, now));
                    if let Some(parked) = &row.parked {
                        write.delete(parked);
                    }
                }
            }
            if !group.concerned.is_empty() {
                let deed = actor.did("event.taken").on_word("event", "batch");
                let deed = group.concerned.into_iter().fold(deed, audit::Deed::patient);
                write.create(&deed.entry(table));
            }
        })
        .await?;
    let mut created = Vec::new();
    let mut outcomes = Vec::new();
    for (row, taken) in rows.iter().zip(taken) {
        let became = match (&row.says, taken) {
            (Err(reason), _) => Became::Parked { reason: *reason },
            (Ok(_), Err(refused)) if refused.about_unknown => {
                Became::Parked { reason: Reason::SubjectUnknown }
            }
            (Ok(_), Err(refusal)) => {
                let data =
                    |detail: Detail| Detail::new(format!("/{}/data{}", row.index, detail.at), detail.says);
                refused("event_data_invalid", refusal.details.into_iter().map(data).collect())
            }
            (Ok(_), Ok(effects)) => match effects.first().copied().unwrap_or(Effect::Unchanged) {
                effect @ (Effect::Same | Effect::Older) => Became::Ignored { effect },
                effect => {
                    if effect == Effect::Created && row.parked.is_none() {
                        created.extend(row.subject.clone());
                    }
                    Became::Applied { effect }
                }
            },
        };
        outcomes.push((row.index, Outcome { event_id: Some(row.event.event_id.clone()), became }));
    }
    if !created.is_empty() {
        release_all(table, desk, plan, actor, &created).await?;
    }
    Ok(outcomes)
}

/// Tries a parked event again.
pub(super) async fn again<R: Replan>(
    table: &ClinicTable,
    desk: &mut Desk<'_>,
    plan: &R,
    actor: &Actor,
    parked: Kept<ParkedEvent>,
) -> Result<Outcome, EventsFault> {
    let event = match Envelope::read(parked.envelope.reveal(), "") {
        Ok(event) => event,
        Err(details) => return Ok(Outcome { event_id: None, became: refused("event_invalid", details) }),
    };
    let event_id = Some(event.event_id.clone());
    let (subject, statement) = match catalogue::read(&desk.reading(&event.producer), &event, "") {
        Told::Says { subject, statement } => (subject, statement),
        Told::Parked(reason) => return Ok(Outcome { event_id, became: Became::Parked { reason } }),
        Told::Wrong(details) => {
            return Ok(Outcome { event_id, became: refused("event_data_invalid", details) });
        }
    };
    let row = Row { index: 0, event, subject: Some(subject), says: Ok(*statement), parked: Some(parked) };
    let mut outcomes = apply(table, desk, plan, actor, vec![row]).await?;
    Ok(outcomes.pop().map_or(Outcome { event_id, became: Became::Duplicate }, |(_, outcome)| outcome))
}

/// Takes up what waited for things that have just become known.
async fn release_all<R: Replan>(
    table: &ClinicTable,
    desk: &mut Desk<'_>,
    plan: &R,
    actor: &Actor,
    subjects: &[String],
) -> Result<(), EventsFault> {
    let found = try_join_all(subjects.iter().map(|subject| waiting(table, subject))).await?;
    let mut rows = Vec::new();
    for parked in found.into_iter().flatten() {
        let Ok(event) = serde_json::from_value::<Envelope>(parked.envelope.reveal().clone()) else {
            continue;
        };
        if let Told::Says { subject, statement } = catalogue::read(&desk.reading(&event.producer), &event, "")
        {
            let subject = Some(subject);
            rows.push(Row { index: 0, event, subject, says: Ok(*statement), parked: Some(parked) });
        }
    }
    rows.sort_by_key(|row| row.event.occurred_at);
    if !rows.is_empty() {
        Box::pin(apply(table, desk, plan, actor, rows)).await?;
    }
    Ok(())
}

/// Takes up the events that waited for something which a statement has just made known.
pub(crate) async fn release<R: Replan>(
    table: &ClinicTable,
    desk: &mut Desk<'_>,
    plan: &R,
    actor: &Actor,
    statement: &Statement,
) -> Result<(), EventsFault> {
    let kind = match &statement.says {
        Says::Person(..) => mirror::Kind::Person,
        Says::Appointment(..) => mirror::Kind::Appointment,
        _ => return Ok(()),
    };
    release_all(table, desk, plan, actor, &[subject_of(kind, &statement.origin)]).await
}

#[cfg(test)]
#[path = "take_tests.rs"]
mod tests;
