//! What a provider tells of a message that went out.

use kernel::{ClinicId, Fault, Job, Kind, Lane, MessageId, Timestamp};
use platform::Platform;
use providers::{ErrorClass, Receipt, ReceiptStatus};
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Digest, Kept, TableFault, WriteFault,
    keys::{MessageKey, NotSentKey},
    shared::StrayEvent,
};

use crate::{Attempt, AttemptError, AttemptStatus, Message, Status, desk::NotSent};

/// What a receipt changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It told something new.
    News,
    /// It had been told, or is outranked by what is known.
    Nothing,
    /// It leads to no message of ours; it is kept for a later match.
    Stray,
}

/// A receipt could not be applied; the provider shall tell it again.
#[derive(Debug, thiserror::Error)]
#[error("a receipt could not be applied: {0}")]
pub struct ReceiptFault(#[from] WriteFault);

impl From<TableFault> for ReceiptFault {
    fn from(fault: TableFault) -> Self {
        Self(fault.into())
    }
}

impl Fault for ReceiptFault {
    fn kind(&self) -> Kind {
        // Two receipts at once: whoever lost is told again.
        if self.0.is_conflict() { Kind::Unavailable } else { self.0.kind() }
    }
    fn code(&self) -> &'static str {
        self.0.code()
    }
}

/// A message failed, came back or was reported in a way that says something about its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressFailed {
    /// Whose.
    pub clinic: ClinicId,
    /// Which.
    pub message: MessageId,
}

impl Job for AddressFailed {
    const TYPE: &'static str = "address_failed.1";
    const LANE: Lane = Lane::Inbound;
}

/// Where a message and its attempt stand after a receipt; `None` for a status that says nothing about that.
fn meaning(status: &ReceiptStatus) -> Option<(Status, AttemptStatus)> {
    Some(match status {
        // On a machine it lies where nobody is known to have heard it.
        ReceiptStatus::Accepted
        | ReceiptStatus::Queued
        | ReceiptStatus::Sending
        | ReceiptStatus::Sent
        | ReceiptStatus::Voicemail => (Status::Sent, AttemptStatus::Sent),
        // Whoever takes themselves off has it in hand; that it is the last one follows from the error beside it.
        ReceiptStatus::Delivered | ReceiptStatus::Unsubscribed => {
            (Status::Delivered, AttemptStatus::Delivered)
        }
        ReceiptStatus::Read => (Status::Read, AttemptStatus::Opened),
        ReceiptStatus::Opened => (Status::Delivered, AttemptStatus::Opened),
        ReceiptStatus::Clicked => (Status::Delivered, AttemptStatus::Clicked),
        ReceiptStatus::Complained => (Status::Delivered, AttemptStatus::Complained),
        ReceiptStatus::Undelivered
        | ReceiptStatus::Failed
        | ReceiptStatus::Canceled
        | ReceiptStatus::Rejected => (Status::Failed, AttemptStatus::Failed),
        ReceiptStatus::SoftBounced | ReceiptStatus::HardBounced => (Status::Bounced, AttemptStatus::Bounced),
        ReceiptStatus::Delayed | ReceiptStatus::Other(_) => return None,
    })
}

/// The message after a receipt; the same if it says nothing new.
pub(crate) fn after(message: &Message, receipt: &Receipt, now: Timestamp) -> Message {
    let mut next = message.clone();
    let Some((status, attempt_status)) = meaning(&receipt.status) else { return next };
    let at = receipt.at.unwrap_or(now);
    let index = receipt
        .attempt
        .and_then(|n| message.attempts.iter().position(|attempt| attempt.n == n))
        .or_else(|| {
            message
                .attempts
                .iter()
                .position(|a| a.provider_id.as_deref() == Some(receipt.provider_id.as_str()))
        })
        .or_else(|| message.attempts.len().checked_sub(1));
    let newest = index.is_some_and(|index| index + 1 == message.attempts.len());
    if let Some(attempt) = index.and_then(|index| next.attempts.get_mut(index)) {
        note(attempt, receipt, attempt_status, at);
    }
    // A failure of an earlier attempt says nothing about a later one that is under way; a success does.
    if newest || !matches!(status, Status::Failed | Status::Bounced) {
        let joined = next.status.joined(status);
        if joined != next.status {
            next.ended = None;
            next.claimed_until = None;
            // Whatever a provider tells of a message, it has taken it; the answer to the call may be lost.
            next.times.entry(Status::Sent).or_insert(at);
        }
        next = next.moved(joined, at);
    }
    next
}

fn note(attempt: &mut Attempt, receipt: &Receipt, status: AttemptStatus, at: Timestamp) {
    if attempt.provider_id.is_none() {
        attempt.provider_id = Some(receipt.provider_id.clone());
    }
    attempt.provider.get_or_insert(receipt.provider);
    if receipt.machine_open {
        attempt.machine_open = true;
        return;
    }
    let further = status > attempt.status;
    if further {
        attempt.status = status;
        attempt.ended_at.get_or_insert(at);
    }
    let told = receipt.error.as_ref().map(|error| AttemptError {
        code: Some(error.code.clone()),
        class: error.class,
        says: error.says.clone().into_owned(),
        text: error.text.clone(),
    });
    // That somebody wants no more holds however far the message has come, before or after. Else what outranks a
    // failure leaves nothing of it, whichever was told first.
    let ends =
        |error: &Option<AttemptError>| error.as_ref().is_some_and(|error| error.class == ErrorClass::OptOut);
    let takes = match (ends(&told), ends(&attempt.error)) {
        (true, false) => true,
        (false, true) => false,
        _ => further,
    };
    if takes {
        attempt.error = told;
    }
}

/// Whether the last attempt says something lasting about the address.
fn blames_address(message: &Message) -> bool {
    message.attempts.last().is_some_and(|attempt| {
        attempt.status == AttemptStatus::Complained
            || attempt
                .error
                .as_ref()
                .is_some_and(|error| matches!(error.class, ErrorClass::Address | ErrorClass::OptOut))
    })
}

/// Whether the desk sees anything of a change of a message.
pub(crate) fn shows(before: &Message, after: &Message) -> bool {
    NotSent::wants(before.status) || NotSent::wants(after.status)
}

/// Whether a change of a message says something lasting about the address that was not known.
pub(crate) fn newly_blames(before: &Message, after: &Message) -> bool {
    blames_address(after) && !blames_address(before)
}

/// Writes a message that was told about or had its outcome, together with what the desk sees of it and what
/// follows for its address.
pub(crate) async fn write_outcome(
    table: &ClinicTable,
    kept: &Kept<Message>,
    next: &Message,
    now: Timestamp,
) -> Result<(), WriteFault> {
    let mut write = table.write();
    write.replace(kept, next);
    if shows(kept, next) {
        let is = NotSent::wants(next.status);
        let there = table.get::<NotSent>(&NotSentKey { message: next.id }).await?;
        let shown = NotSent::of(next, there.as_ref().map_or(now, |kept| kept.at));
        match &there {
            Some(there) if **there != shown => {
                write.replace(there, &shown);
            }
            None if is => {
                write.create(&shown);
            }
            _ => {}
        }
    }
    if newly_blames(kept, next) {
        let job = AddressFailed { clinic: table.clinic(), message: next.id };
        write.due(now, &format!("address-{}", next.id), &job);
    }
    write.commit().await
}

/// Applies a receipt. Any order and any number of repetitions end in the same state.
pub async fn apply(platform: &Platform, receipt: &Receipt) -> Result<Applied, ReceiptFault> {
    let now = platform.clock.now();
    let (Some(clinic), Some(id)) = (receipt.clinic, receipt.message) else {
        return stray(platform, receipt, now).await;
    };
    let table = platform.table.of(clinic);
    for _ in 0..4 {
        let Some(kept) = table.get::<Message>(&MessageKey { message: id }).await? else {
            return stray(platform, receipt, now).await;
        };
        let next = after(&kept, receipt, now);
        if next == *kept {
            return Ok(Applied::Nothing);
        }
        match write_outcome(&table, &kept, &next, now).await {
            Ok(()) => {
                if newly_blames(&kept, &next) {
                    let job = AddressFailed { clinic, message: id }.raw();
                    if let Err(fault) = platform.queue.push(&[job]).await {
                        tracing::warn!(message.id = %id, fault = %fault, "a hint was not pushed; the tick will find the work");
                    }
                }
                return Ok(Applied::News);
            }
            Err(fault) if fault.is_conflict() => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(ReceiptFault(WriteFault::Contended))
}

async fn stray(platform: &Platform, receipt: &Receipt, now: Timestamp) -> Result<Applied, ReceiptFault> {
    let event = providers::Event::Receipt(receipt.clone());
    tracing::warn!(receipt.provider = receipt.provider.name(), "a receipt leads to no message of ours");
    let stray = StrayEvent {
        provider: receipt.provider.name().to_owned(),
        provider_id: receipt.provider_id.clone(),
        digest: Digest::of(&event.key()),
        event: serde_json::to_value(&event).unwrap_or_default(),
        at: now,
    };
    platform.table.shared().keep_stray(&stray).await?;
    Ok(Applied::Stray)
}
