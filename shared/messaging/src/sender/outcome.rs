//! The outcome of a claimed message, and the one write that ends the claim.

use kernel::Timestamp;
use platform::{JobFault, Worked};
use providers::{Accepted, SendError};
use table::{ClinicTable, Kept, WriteFault, keys::MessageKey};

use super::{Held, Sender, SettleUnknown};
use crate::{AttemptError, AttemptStatus, Ended, Message, Status, receipt};

/// Without the attempt of this claim: no provider was called.
pub(super) fn untried(mut message: Message) -> Message {
    message.attempts.pop();
    message
}

/// Waits for another time.
pub(super) fn later(message: Message, at: Timestamp, now: Timestamp) -> Message {
    let mut next = message;
    next.status = Status::Queued;
    let mut next = next.moved(Status::Scheduled, now);
    (next.send_at, next.claimed_until) = (at, None);
    next
}

/// Is tried again, unless it would be useless by then.
pub(super) fn again(message: Message, at: Timestamp, now: Timestamp) -> Message {
    if message.not_after.is_some_and(|last| last <= at) {
        return message.moved(Status::Failed, now);
    }
    later(message, at, now)
}

/// The provider has taken it.
pub(super) fn sent(mut message: Message, accepted: &Accepted, now: Timestamp) -> Message {
    if let Some(attempt) = message.attempts.last_mut() {
        attempt.status = attempt.status.max(AttemptStatus::Sent);
        attempt.provider_id = Some(accepted.provider_id.clone());
        attempt.ended_at = Some(now);
    }
    message.claimed_until = None;
    let joined = message.status.joined(Status::Sent);
    message.moved(joined, now)
}

/// The provider refused it.
pub(super) fn failed_attempt(mut message: Message, error: SendError, now: Timestamp) -> Message {
    if let Some(attempt) = message.attempts.last_mut() {
        attempt.status = AttemptStatus::Failed;
        attempt.ended_at = Some(now);
        attempt.error = Some(AttemptError {
            code: error.code,
            class: error.class,
            says: error.says.into_owned(),
            text: None,
        });
    }
    message.claimed_until = None;
    message
}

/// Nobody knows.
pub(super) fn unknown(mut message: Message, now: Timestamp, says: &str) -> Message {
    if let Some(attempt) = message.attempts.last_mut() {
        attempt.status = attempt.status.max(AttemptStatus::Unknown);
    }
    message.claimed_until = None;
    message.ended = Some(Ended::new("UNKNOWN", says));
    message.moved(Status::Unknown, now)
}

/// Writes an outcome at the revision of the claim, with what follows from it.
pub(super) async fn write(
    table: &ClinicTable,
    kept: &Kept<Message>,
    next: &Message,
    now: Timestamp,
) -> Result<(), WriteFault> {
    if next.status == Status::Scheduled {
        let mut write = table.write();
        write.replace(kept, next).due(next.send_at, &next.due_id(), &next.request(table.clinic()));
        return write.commit().await;
    }
    receipt::write_outcome(table, kept, next, now).await?;
    if next.status == Status::Unknown && next.said.is_some() {
        SettleUnknown::plan(table, next.id, now, 0).await?;
    }
    Ok(())
}

/// Whether the claim that was made in `ours` still holds in what stands there now.
pub(super) fn holds(ours: &Message, there: &Message) -> bool {
    there.status == Status::Sending
        && there.claimed_until == ours.claimed_until
        && there.attempts.len() == ours.attempts.len()
}

/// The outcome, after something else was written while the provider was called: a receipt that was faster, or
/// one that came late for an earlier attempt.
fn merged(ours: &Message, theirs: &Message) -> Message {
    let mut next = ours.clone();
    if theirs.status != Status::Sending {
        next.status = theirs.status.joined(ours.status);
    }
    for (status, at) in &theirs.times {
        next.times.entry(*status).or_insert(*at);
    }
    for (mine, told) in next.attempts.iter_mut().zip(&theirs.attempts) {
        if told.status > mine.status {
            mine.status = told.status;
            mine.error = told.error.clone().or(mine.error.take());
        }
        mine.provider_id = mine.provider_id.take().or_else(|| told.provider_id.clone());
        mine.ended_at = told.ended_at.or(mine.ended_at);
        mine.machine_open |= told.machine_open;
    }
    next.replied = theirs.replied;
    if next.status != ours.status {
        next.ended = None;
    }
    next
}

/// Whether an outcome is the message alone: it needs no due item, does not show on the desk and says nothing about
/// an address.
fn is_alone(kept: &Message, next: &Message) -> bool {
    next.status != Status::Scheduled && !receipt::shows(kept, next) && !receipt::newly_blames(kept, next)
}

fn told(next: &Message) {
    if matches!(next.status, Status::Failed | Status::Bounced) {
        let error = next.attempts.last().and_then(|attempt| attempt.error.as_ref());
        tracing::warn!(
            message.id = %next.id,
            message.status = next.status.name(),
            message.code = error.and_then(|error| error.code.as_deref()).unwrap_or_default(),
            "a message was not sent"
        );
    }
}

/// What becomes of a claimed message.
#[derive(Debug)]
pub(super) enum Next {
    /// This is its outcome.
    Becomes(Box<Message>),
    /// Something could not be read, and its provider was not called.
    Release(JobFault),
}

impl Sender {
    /// Writes outcomes: those of one item in one call, those with more to them one after the other.
    pub(super) async fn conclude(&self, ended: Vec<(Held, Next)>) -> Vec<(usize, Worked)> {
        let now = self.platform.clock.now();
        let mut worked = Vec::with_capacity(ended.len());
        let mut alone = Vec::new();
        let mut each = self.platform.table.each();
        for (held, next) in ended {
            let index = held.index;
            match next {
                Next::Release(fault) => worked.push((index, self.release(held).await.and(Err(fault)))),
                Next::Becomes(next) if is_alone(&held.kept, &next) => {
                    each.replace(&held.of, &held.kept, &*next);
                    alone.push((held, next));
                }
                Next::Becomes(next) => {
                    let written = write(&held.of, &held.kept, &next, now).await;
                    worked.push((index, self.stands(held, *next, written).await));
                }
            }
        }
        for ((held, next), written) in alone.into_iter().zip(each.commit().await) {
            worked.push((held.index, self.stands(held, *next, written).await));
        }
        worked
    }

    /// Sees an outcome through that was tried to be written. A receipt that came first is joined with it.
    async fn stands(&self, held: Held, mut next: Message, written: Result<(), WriteFault>) -> Worked {
        let Held { of: table, mut kept, .. } = held;
        let mut written = written;
        for _ in 0..5 {
            match written {
                Ok(()) => {
                    told(&next);
                    return Ok(());
                }
                Err(fault) if fault.is_conflict() => {
                    let Some(there) = table.get::<Message>(&MessageKey { message: next.id }).await? else {
                        return Ok(());
                    };
                    // The claim is over already: whoever ended it has the last word on what we did not send.
                    let unsent = next.status.is_pending() || there.attempts.len() != next.attempts.len();
                    if unsent && !holds(&kept, &there) {
                        return Ok(());
                    }
                    next = merged(&next, &there);
                    kept = there;
                    written = write(&table, &kept, &next, self.platform.clock.now()).await;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(WriteFault::Contended.into())
    }
}
