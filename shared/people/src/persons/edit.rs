//! What we ourselves change about a person; the source neither knows nor overwrites it.

use audit::{Actor, Deed, Plain};
use kernel::{ContactId, Fault, Kind, PersonId, Timestamp};
use table::{ClinicTable, Kept, TableFault, WriteFault, keys::PersonKey};

use crate::{
    address::put_person,
    contact::ContactStatus,
    person::{NoContact, Pause, Person},
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
    change: impl Fn(&mut Person) -> Result<(), PersonFault>,
) -> Result<Person, PersonFault> {
    let mut tried = 0;
    loop {
        let kept: Kept<Person> =
            table.get(&PersonKey { person: id }).await?.ok_or(PersonFault::NotFound(id))?;
        if version.is_some_and(|seen| seen != kept.rev()) {
            return Err(PersonFault::Stale { id, version: kept.rev() });
        }
        let mut next = (*kept).clone();
        change(&mut next)?;
        if next == *kept {
            return Ok(next);
        }
        let mut write = table.write();
        put_person(&mut write, Some(&kept), &next);
        write.create(&different(actor.did(action), &kept, &next).entry(table));
        tried += 1;
        match write.commit().await {
            Ok(()) => return Ok(next),
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            Err(fault) => return Err(fault.into()),
        }
    }
}

/// What is different about a person in our own matters. Reasons are somebody's words and contact points are
/// addresses: of them the log says only that they changed.
pub(super) fn different(deed: Deed, before: &Person, after: &Person) -> Deed {
    let until = |person: &Person| person.automation_paused.as_ref().and_then(|pause| pause.until);
    let mut deed = deed
        .on("person", after.id)
        .patient(after.id)
        .change("automation_paused", before.automation_paused.is_some(), after.automation_paused.is_some())
        .change_of("automation_paused_until", until(before).map(Plain::from), until(after).map(Plain::from))
        .change("do_not_contact", before.do_not_contact, after.do_not_contact);
    for (field, same) in [
        ("do_not_contact_reason", before.no_contact == after.no_contact),
        ("contacts", before.contacts == after.contacts),
    ] {
        if !same {
            deed = deed.touched(field);
        }
    }
    deed
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
        Ok(())
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
        Ok(())
    })
    .await
}

/// Notes that a person wants no contact at all, or that they want it again.
pub async fn do_not_contact(
    table: &ClinicTable,
    actor: &Actor,
    id: PersonId,
    version: Option<u64>,
    wish: Option<&NoContact>,
) -> Result<Person, PersonFault> {
    edit(table, actor, "person.do_not_contact", id, version, |person| {
        person.wishes_no_contact(wish.cloned());
        Ok(())
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
        Ok(())
    })
    .await
}
