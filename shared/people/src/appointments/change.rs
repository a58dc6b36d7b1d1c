//! The one operation that changes an appointment.
//!
//! Whoever changes one, a reply, a link, a member of staff or the other system, goes through [`put`]: the plan
//! of its messages changes in the same transaction, so a reminder of what is no longer true cannot remain.

use std::future::Future;

use audit::Actor;
use kernel::{AppointmentId, Detail, Fault, Kind, LocationId, PractitionerId, Timestamp};
use table::{ClinicTable, Kept, TableFault, Write, WriteFault, keys::AppointmentKey};

use super::{Answer, Appointment, Confirmation, How, Status};
use crate::person::Person;

/// Whoever plans messages about appointments.
pub trait Replan: Send + Sync {
    /// Adds to `write` what must change in the plan when the appointment becomes `after`; `before` is absent
    /// for a new one. `person` is the patient as they will stand after this write, if the writer has them at
    /// hand; a person that is new in the same write cannot be read from the table yet. It may be called again
    /// for the same change when the write was overtaken, and must add the same then.
    fn replan(
        &self,
        write: &mut Write,
        before: Option<&Kept<Appointment>>,
        after: &Appointment,
        person: Option<&Person>,
    ) -> impl Future<Output = Result<(), TableFault>> + Send;
}

/// Plans nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPlan;

impl Replan for NoPlan {
    async fn replan(
        &self,
        _: &mut Write,
        _: Option<&Kept<Appointment>>,
        _: &Appointment,
        _: Option<&Person>,
    ) -> Result<(), TableFault> {
        Ok(())
    }
}

/// What can happen to an appointment here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another time, and perhaps another place or practitioner. The visit keeps its length unless told.
    Move {
        /// When it begins.
        starts_at: Timestamp,
        /// When it ends.
        ends_at: Option<Timestamp>,
        /// Where, if elsewhere.
        location: Option<LocationId>,
        /// With whom, if with somebody else.
        practitioner: Option<PractitionerId>,
    },
    /// The patient was asked whether they will come.
    Asked,
    /// The patient will come.
    Confirm {
        /// Who said so.
        by: String,
        /// How.
        how: How,
    },
    /// The patient will not come. The visit stays booked until somebody calls it off.
    Decline {
        /// Who said so.
        by: String,
        /// How.
        how: How,
    },
    /// Another status.
    Status {
        /// The new one.
        to: Status,
        /// Why, for a visit that is called off.
        reason: Option<String>,
    },
    /// Whether an attempt to reach the patient failed.
    OutOfReach(bool),
}

impl Change {
    /// What the log calls it; nothing for our own bookkeeping.
    fn action(&self) -> Option<&'static str> {
        match self {
            Self::Move { .. } => Some("appointment.moved"),
            Self::Asked => None,
            Self::Confirm { .. } => Some("appointment.confirmed"),
            Self::Decline { .. } => Some("appointment.declined"),
            Self::Status { .. } => Some("appointment.status_changed"),
            Self::OutOfReach(_) => Some("appointment.reach_changed"),
        }
    }
}

/// Why an appointment did not change.
#[derive(Debug, thiserror::Error)]
pub enum ChangeFault {
    /// There is none, or it belongs to another clinic.
    #[error("there is no appointment {0}")]
    NotFound(AppointmentId),
    /// It is not what the caller has seen.
    #[error("appointment {id} has version {version} by now")]
    Stale {
        /// The appointment.
        id: AppointmentId,
        /// Its revision.
        version: u64,
    },
    /// Its status does not allow it.
    #[error("an appointment that is {} cannot become {}", from.name(), to.name())]
    Illegal {
        /// What it is.
        from: Status,
        /// What it should have become.
        to: Status,
    },
    /// The visit is over, called off or deleted: there is nothing to confirm or move.
    #[error("appointment {0} is closed")]
    Closed(AppointmentId),
    /// It has begun.
    #[error("appointment {0} has begun")]
    Begun(AppointmentId),
    /// It would end before it begins.
    #[error("an appointment ends after it begins")]
    EndsFirst,
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for ChangeFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for ChangeFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Stale { .. } | Self::Illegal { .. } | Self::Closed(_) | Self::Begun(_) => Kind::Conflict,
            Self::EndsFirst => Kind::Invalid,
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "appointment_not_found",
            Self::Stale { .. } => "version_is_stale",
            Self::Illegal { .. } => "status_not_allowed",
            Self::Closed(_) => "appointment_closed",
            Self::Begun(_) => "appointment_begun",
            Self::EndsFirst => "ends_before_start",
            Self::Write(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::EndsFirst => vec![Detail::new("/ends_at", "give a time after starts_at")],
            Self::Illegal { from, .. } => {
                let next: Vec<_> =
                    Status::ALL.into_iter().filter(|to| from.may_become(*to)).map(Status::name).collect();
                vec![Detail::new("/status", format!("it can become {}", next.join(", ")))]
            }
            Self::Write(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}

impl Appointment {
    /// The appointment after a change; the same if the change says nothing new.
    fn after(&self, change: &Change, now: Timestamp) -> Result<Self, ChangeFault> {
        let mut next = self.clone();
        match change {
            Change::Move { starts_at, ends_at, location, practitioner } => {
                self.must_be_ahead()?;
                let length = self.ends_at.duration_since(self.starts_at);
                let ends_at =
                    ends_at.unwrap_or_else(|| starts_at.saturating_add(length).unwrap_or(*starts_at));
                if ends_at <= *starts_at {
                    return Err(ChangeFault::EndsFirst);
                }
                next.place(*starts_at, ends_at, self.zone.clone());
                next.location = location.or(self.location);
                next.practitioner = practitioner.or(self.practitioner);
            }
            Change::Asked => {
                self.must_be_ahead()?;
                if self.confirmation.answer == Answer::Unconfirmed {
                    next.confirmation =
                        Confirmation { answer: Answer::Pending, at: Some(now), ..Confirmation::default() };
                }
            }
            Change::Confirm { by, how } => {
                self.must_be_answerable(now)?;
                if self.confirmation.answer != Answer::Confirmed {
                    next.confirmation = said(Answer::Confirmed, by, *how, now);
                    next.status = Status::Confirmed;
                    next.out_of_reach = false;
                }
            }
            Change::Decline { by, how } => {
                self.must_be_answerable(now)?;
                if self.confirmation.answer != Answer::Declined {
                    next.confirmation = said(Answer::Declined, by, *how, now);
                    next.status = Status::Scheduled;
                    next.out_of_reach = false;
                }
            }
            Change::Status { to, reason } => {
                if self.deleted_at.is_some() {
                    return Err(ChangeFault::Closed(self.id));
                }
                if self.status != *to {
                    if !self.status.may_become(*to) {
                        return Err(ChangeFault::Illegal { from: self.status, to: *to });
                    }
                    next.status = *to;
                    next.cancel_reason = (*to == Status::Cancelled).then(|| reason.clone()).flatten();
                    if *to == Status::Scheduled && !self.is_open() {
                        next.confirmation = Confirmation::default();
                    }
                }
            }
            Change::OutOfReach(flag) => next.out_of_reach = *flag,
        }
        next.follow(self);
        Ok(next)
    }

    fn must_be_ahead(&self) -> Result<(), ChangeFault> {
        let ahead = self.deleted_at.is_none() && self.status.is_ahead();
        if ahead { Ok(()) } else { Err(ChangeFault::Closed(self.id)) }
    }

    fn must_be_answerable(&self, now: Timestamp) -> Result<(), ChangeFault> {
        self.must_be_ahead()?;
        if now < self.starts_at { Ok(()) } else { Err(ChangeFault::Begun(self.id)) }
    }
}

fn said(answer: Answer, by: &str, how: How, now: Timestamp) -> Confirmation {
    Confirmation { answer, by: Some(by.to_owned()), at: Some(now), how: Some(how) }
}

/// Writes an appointment together with what changes in the plan of its messages. The only way one is written.
pub(crate) async fn put<R: Replan>(
    write: &mut Write,
    plan: &R,
    before: Option<&Kept<Appointment>>,
    after: &Appointment,
    person: Option<&Person>,
) -> Result<(), TableFault> {
    match before {
        Some(kept) => write.replace(kept, after),
        None => write.create(after),
    };
    plan.replan(write, before, after, person).await
}

/// An appointment before and after a change.
#[derive(Debug, Clone)]
pub struct Changed {
    /// As it was read.
    pub before: Kept<Appointment>,
    /// As it is now.
    pub after: Appointment,
}

impl Changed {
    /// Whether anything is different.
    pub fn is_different(&self) -> bool {
        *self.before != self.after
    }
}

/// Adds a change of an appointment to a transaction of the caller's, who may have read a certain `version`.
/// A change that says nothing new adds nothing. The change and the note of who made it are one transaction.
pub async fn change_within<R: Replan>(
    table: &ClinicTable,
    write: &mut Write,
    plan: &R,
    actor: &Actor,
    id: AppointmentId,
    version: Option<u64>,
    change: &Change,
) -> Result<Changed, ChangeFault> {
    let before: Kept<Appointment> =
        table.get(&AppointmentKey { appointment: id }).await?.ok_or(ChangeFault::NotFound(id))?;
    if version.is_some_and(|seen| seen != before.rev()) {
        return Err(ChangeFault::Stale { id, version: before.rev() });
    }
    let after = before.after(change, table.clock().now())?;
    if *before != after {
        put(write, plan, Some(&before), &after, None).await?;
        if let Some(action) = change.action() {
            let deed = actor
                .did(action)
                .on("appointment", id)
                .patient(after.person)
                .change("status", before.status.name(), after.status.name())
                .change("starts_at", before.starts_at, after.starts_at)
                .change("confirmation", before.confirmation.answer.name(), after.confirmation.answer.name())
                .change("out_of_reach", before.out_of_reach, after.out_of_reach);
            write.create(&deed.entry(table));
        }
    }
    Ok(Changed { before, after })
}

/// Changes an appointment. If others change it at the same time it is tried anew, unless the caller insists on
/// a `version`.
pub async fn change<R: Replan>(
    table: &ClinicTable,
    plan: &R,
    actor: &Actor,
    id: AppointmentId,
    version: Option<u64>,
    change: &Change,
) -> Result<Changed, ChangeFault> {
    const TRIES: usize = 4;
    let mut tried = 0;
    loop {
        let mut write = table.write();
        let changed = change_within(table, &mut write, plan, actor, id, version, change).await?;
        tried += 1;
        match write.commit().await {
            Ok(()) => return Ok(changed),
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            Err(fault) => return Err(fault.into()),
        }
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
