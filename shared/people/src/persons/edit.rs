//! What we ourselves change about a person; the source neither knows nor overwrites it.

use audit::Actor;
use kernel::{ContactId, Fault, Kind, PersonId, Timestamp};
use table::{ClinicTable, Kept, TableFault, WriteFault, keys::PersonKey};

use crate::{
    address::put_person,
    contact::ContactStatus,
    person::{Pause, Person},
};

/// Why a person did not change.
#[derive(Debug, thiserror::Error)]
pub enum PersonFault {
    /// There is none, or they belong to another clinic.
    #[error("there is no person {0}")]
    NotFound(PersonId),
    /// They have no such contact point.
    #[error("person {person} has no contact point {contact}")]
    NoContact {
        /// The person.
        person: PersonId,
        /// The contact point.
        contact: ContactId,
    },
    /// They are not what the caller has seen.
    #[error("person {id} has version {version} by now")]
    Stale {
        /// The person.
        id: PersonId,
        /// The revision.
        version: u64,
    },
    /// They cannot be merged: the same, deleted, or merged already.
    #[error("persons {0} and {1} cannot be merged")]
    NotMergeable(PersonId, PersonId),
    /// They were not merged.
    #[error("person {0} is not merged into another")]
    NotMerged(PersonId),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for PersonFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for PersonFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoContact { .. } => Kind::NotFound,
            Self::Stale { .. } | Self::NotMergeable(..) | Self::NotMerged(_) => Kind::Conflict,
            Self::Write(fault) => fault.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "person_not_found",
            Self::NoContact { .. } => "contact_not_found",
            Self::Stale { .. } => "version_is_stale",
            Self::NotMergeable(..) => "persons_not_mergeable",
            Self::NotMerged(_) => "person_not_merged",
            Self::Write(fault) => fault.code(),
        }
    }
    fn details(&self) -> Vec<kernel::Detail> {
        match self {
            Self::Write(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}

const TRIES: usize = 4;

/// Changes a person; anew if others got in between, unless the caller insists on a version. Nothing is written
/// if nothing is different.
async fn edit(
    table: &ClinicTable,
    actor: &Actor,
    action: &'static str,
    id: PersonId,
    version: Option<u64>,
    change: impl Fn(&mut Person) -> Result<&'static str, PersonFault>,
) -> Result<Person, PersonFault> {
    let mut tried = 0;
    loop {
        let kept: Kept<Person> =
            table.get(&PersonKey { person: id }).await?.ok_or(PersonFault::NotFound(id))?;
        if version.is_some_and(|seen| seen != kept.rev()) {
            return Err(PersonFault::Stale { id, version: kept.rev() });
        }
        let mut next = (*kept).clone();
        let field = change(&mut next)?;
        if next == *kept {
            return Ok(next);
        }
        let mut write = table.write();
        put_person(&mut write, Some(&kept), &next);
        write.create(&actor.did(action).on("person", id).patient(id).touched(field).entry(table));
        tried += 1;
        match write.commit().await {
            Ok(()) => return Ok(next),
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            Err(fault) => return Err(fault.into()),
        }
    }
}

/// Pauses what goes to a person by itself, until an instant or until somebody ends it.
pub async fn pause(
    table: &ClinicTable,
    actor: &Actor,
    id: PersonId,
    version: Option<u64>,
    pause: &Pause,
) -> Result<Person, PersonFault> {
    edit(table, actor, "person.paused", id, version, |person| {
        person.automation_paused = Some(pause.clone());
        Ok("automation_paused")
    })
    .await
}

/// Ends a pause.
pub async fn resume(
    table: &ClinicTable,
    actor: &Actor,
    id: PersonId,
    version: Option<u64>,
) -> Result<Person, PersonFault> {
    edit(table, actor, "person.resumed", id, version, |person| {
        person.automation_paused = None;
        Ok("automation_paused")
    })
    .await
}

/// Notes whether a person wants no contact at all.
pub async fn do_not_contact(
    table: &ClinicTable,
    actor: &Actor,
    id: PersonId,
    version: Option<u64>,
    flag: bool,
) -> Result<Person, PersonFault> {
    edit(table, actor, "person.do_not_contact", id, version, |person| {
        person.do_not_contact = flag;
        Ok("do_not_contact")
    })
    .await
}

/// What was learnt about a contact point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it works.
    pub status: ContactStatus,
    /// Why we think so, such as `hard_bounce`, `not_a_mobile`, `wrong_person`, `answered`.
    pub reason: &'static str,
    /// When it was learnt.
    pub at: Timestamp,
}

/// Notes what was learnt about a contact point of a person. A verdict older than the one there changes nothing.
pub async fn judge_contact(
    table: &ClinicTable,
    actor: &Actor,
    id: PersonId,
    contact: ContactId,
    verdict: Verdict,
) -> Result<Person, PersonFault> {
    edit(table, actor, "contact.judged", id, None, |person| {
        let found = person.contacts.iter_mut().find(|known| known.id == contact);
        let found = found.ok_or(PersonFault::NoContact { person: id, contact })?;
        let news = found.status_at.is_none_or(|at| at < verdict.at);
        if news && found.status != verdict.status {
            found.status = verdict.status;
            found.status_reason = Some(verdict.reason.to_owned());
            found.status_at = Some(verdict.at);
        }
        Ok("contacts")
    })
    .await
}
