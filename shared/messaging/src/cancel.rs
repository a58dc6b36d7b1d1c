//! Taking a message back before it is sent, and sending one anew.

use audit::Actor;
use kernel::{Fault, Kind, MessageId, Timestamp};
use platform::Platform;
use table::{ClinicTable, Kept, TableFault, WriteFault, keys::MessageKey};

use crate::{Direction, Draft, Ended, Message, Status, create::hint, plan, take_back};

/// Why a message was not taken back, moved or sent anew.
#[derive(Debug, thiserror::Error)]
pub enum ChangeFault {
    /// There is no such message, or it belongs to another clinic.
    #[error("there is no message {0}")]
    NotFound(MessageId),
    /// A sender has claimed it, or it has ended.
    #[error("message {id} is {}", status.name())]
    TooLate {
        /// The message.
        id: MessageId,
        /// What it is.
        status: Status,
    },
    /// It has not ended, or it came in: there is nothing to send anew.
    #[error("message {id} is {} and cannot be sent anew", status.name())]
    NotEnded {
        /// The message.
        id: MessageId,
        /// What it is.
        status: Status,
    },
    /// The new time has passed, or lies after the message would be useless.
    #[error("the new time to send at is not one at which the message is of use")]
    BadTime,
    /// It is not what the caller has seen.
    #[error("message {id} has version {version} by now")]
    Stale {
        /// The message.
        id: MessageId,
        /// Its revision.
        version: u64,
    },
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
            Self::TooLate { .. } | Self::NotEnded { .. } | Self::Stale { .. } => Kind::Conflict,
            Self::BadTime => Kind::Invalid,
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "message_not_found",
            Self::TooLate { .. } => "message_too_late",
            Self::NotEnded { .. } => "message_not_ended",
            Self::BadTime => "send_at_invalid",
            Self::Stale { .. } => "version_is_stale",
            Self::Write(fault) => fault.code(),
        }
    }
}

pub(crate) async fn read(
    table: &ClinicTable,
    id: MessageId,
    version: Option<u64>,
) -> Result<Kept<Message>, ChangeFault> {
    let kept: Kept<Message> =
        table.get(&MessageKey { message: id }).await?.ok_or(ChangeFault::NotFound(id))?;
    match version {
        Some(seen) if seen != kept.rev() => Err(ChangeFault::Stale { id, version: kept.rev() }),
        _ => Ok(kept),
    }
}

/// Takes a pending message back. Against a sender that claims it at the same moment exactly one of the two
/// wins.
pub async fn cancel(
    table: &ClinicTable,
    actor: &Actor,
    id: MessageId,
    version: Option<u64>,
) -> Result<Kept<Message>, ChangeFault> {
    let now = table.clock().now();
    let kept = read(table, id, version).await?;
    if kept.status == Status::Cancelled {
        return Ok(kept);
    }
    if !kept.status.is_pending() {
        return Err(ChangeFault::TooLate { id, status: kept.status });
    }
    let mut write = table.write();
    take_back(
        &mut write,
        &kept,
        Status::Cancelled,
        Ended::new("CANCELLED", "it was taken back by staff"),
        now,
    );
    write.create(&actor.did("message.cancelled").on("message", id).patient(kept.person).entry(table));
    match write.commit().await {
        Ok(()) => Ok(read(table, id, None).await?),
        Err(fault) if fault.is_conflict() => {
            let status = read(table, id, None).await?.status;
            Err(ChangeFault::TooLate { id, status })
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Gives a message that waits another time.
pub async fn reschedule(
    table: &ClinicTable,
    actor: &Actor,
    id: MessageId,
    version: Option<u64>,
    send_at: Timestamp,
) -> Result<Kept<Message>, ChangeFault> {
    let now = table.clock().now();
    let kept = read(table, id, version).await?;
    if !kept.status.is_pending() {
        return Err(ChangeFault::TooLate { id, status: kept.status });
    }
    if send_at <= now || kept.not_after.is_some_and(|end| send_at >= end) {
        return Err(ChangeFault::BadTime);
    }
    let mut moved = (*kept).clone().moved(Status::Scheduled, now);
    moved.send_at = send_at;
    let mut write = table.write();
    write
        .replace(&kept, &moved)
        .undue(kept.send_at, &kept.due_id())
        .due(send_at, &moved.due_id(), &moved.request(table.clinic()))
        .create(&actor.did("message.rescheduled").on("message", id).patient(kept.person).entry(table));
    write.commit().await?;
    Ok(kept.followed_by(moved))
}

/// Sends a message that ended without arriving anew, as a message of its own linked to the first. What was
/// refused is judged again by the rules of now.
pub async fn resend(
    platform: &Platform,
    table: &ClinicTable,
    actor: &Actor,
    id: MessageId,
    new: MessageId,
    by: &str,
) -> Result<Message, ChangeFault> {
    let now = platform.clock.now();
    let kept = read(table, id, None).await?;
    let again = kept.status.is_final() || kept.status == Status::Unknown;
    let Some(body) = kept.body.clone().filter(|_| again && kept.direction == Direction::Out) else {
        return Err(ChangeFault::NotEnded { id, status: kept.status });
    };
    let draft = Draft {
        id: new,
        person: kept.person,
        route: kept.route.clone(),
        category: kept.category,
        body,
        send_at: now,
        not_after: kept.not_after.filter(|end| *end > now),
        about: kept.about.clone(),
        asks: kept.asks,
        source: crate::Source::Staff { by: by.to_owned() },
        resend_of: Some(id),
    };
    let message = Message::from_draft(draft, now);
    let mut write = table.write();
    plan(&mut write, &message);
    write.create(&actor.did("message.resent").on("message", id).patient(kept.person).entry(table));
    match write.commit().await {
        Ok(()) => hint(platform, &[message.request(table.clinic())]).await,
        // The same again: the first one stands.
        Err(fault) if fault.is_conflict() => {
            let there = read(table, new, None).await?;
            return if there.resend_of == Some(id) { Ok(there.into_value()) } else { Err(fault.into()) };
        }
        Err(fault) => return Err(fault.into()),
    }
    Ok(message)
}
