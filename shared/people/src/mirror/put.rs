//! One thing of a source, put as it is there or marked as gone.

use audit::Actor;
use kernel::{Detail, Fault, Timestamp};
use serde_json::Value;
use table::{ClinicTable, WriteFault};

use super::{Desk, DeskFault, Effect, Kind, Rule, take};
use crate::{
    appointments::Replan,
    events,
    origin::{Origin, is_source, is_source_id},
};

/// What a source says about one of its things.
#[derive(Debug, Clone)]
pub struct Put<'a> {
    /// What kind of thing.
    pub kind: Kind,
    /// Which system speaks.
    pub source: &'a str,
    /// The id over there.
    pub id: &'a str,
    /// The version over there, if it counts versions.
    pub version: Option<u64>,
    /// When it was changed over there; now, if it does not say.
    pub updated_at: Option<Timestamp>,
    /// The fields; absent if the thing is gone.
    pub data: Option<&'a Value>,
}

/// Why it was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MirrorFault {
    /// Fields are wrong.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<Detail>),
    /// The clinic.
    #[error(transparent)]
    Desk(#[from] DeskFault),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl Fault for MirrorFault {
    fn kind(&self) -> kernel::Kind {
        match self {
            Self::Invalid(_) => kernel::Kind::Invalid,
            Self::Desk(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "facts_invalid",
            Self::Desk(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
        }
    }
    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Invalid(details) => details.clone(),
            Self::Desk(fault) => fault.details(),
            Self::Write(fault) => fault.details(),
        }
    }
}

impl From<events::EventsFault> for MirrorFault {
    fn from(fault: events::EventsFault) -> Self {
        match fault {
            events::EventsFault::Desk(fault) => Self::Desk(fault),
            events::EventsFault::Write(fault) => Self::Write(fault),
            // What waits is taken from the table, where it is never too much.
            events::EventsFault::Count(_) => Self::Invalid(Vec::new()),
        }
    }
}

/// Takes what a source says about one of its things. Saying it again, or saying something older, changes
/// nothing and tells so.
pub async fn put<R: Replan>(
    table: &ClinicTable,
    plan: &R,
    actor: &Actor,
    said: Put<'_>,
) -> Result<Effect, MirrorFault> {
    let mut wrong = Vec::new();
    if !is_source(said.source) {
        wrong.push(Detail::new("source", "a source has 1 to 40 of a-z, 0-9, - _ and ."));
    }
    if !is_source_id(said.id) {
        wrong.push(Detail::new("id", "an id has 1 to 120 characters and no space around it"));
    }
    if said.version.is_none() && said.updated_at.is_none() {
        wrong.push(Detail::new("/version", "say the version or updated_at of the source"));
    }
    if !wrong.is_empty() {
        return Err(MirrorFault::Invalid(wrong));
    }
    let mut desk = Desk::open(table).await?;
    let updated_at = said.updated_at.unwrap_or_else(|| table.clock().now());
    let origin = Origin::new(said.source, said.id, said.version, updated_at);
    let reading = desk.reading(said.source);
    let statement = match said.data {
        Some(data) => reading
            .statement(said.kind, origin, data, "/data", &mut Vec::new())
            .map_err(MirrorFault::Invalid)?,
        None => reading.gone(said.kind, origin),
    };
    let rows = [vec![statement]];
    let action = if said.data.is_some() { "mirror.updated" } else { "mirror.deleted" };
    let taken = take(table, &mut desk, plan, Rule::News, &rows, &[], |_, write, group| {
        if !write.is_empty() {
            let mut deed = actor.did(action).on_word("mirror", said.kind.name());
            for person in group.concerned {
                deed = deed.patient(person);
            }
            write.create(&deed.entry(table));
        }
    })
    .await?;
    match taken.into_iter().next() {
        Some(Ok(effects)) => {
            let effect = effects.first().copied().unwrap_or(Effect::Unchanged);
            if effect == Effect::Created {
                events::release(table, &mut desk, plan, actor, &rows[0][0]).await?;
            }
            Ok(effect)
        }
        Some(Err(refused)) => Err(MirrorFault::Invalid(
            refused.details.into_iter().map(|d| Detail::new(format!("/data{}", d.at), d.says)).collect(),
        )),
        None => Ok(Effect::Unchanged),
    }
}

#[cfg(test)]
#[path = "put_tests.rs"]
mod tests;
