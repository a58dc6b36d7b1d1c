//! A message of which nobody knows any more whether it was sent: the table that knew is gone.

use kernel::Timestamp;
use table::{ClinicTable, Kept, WriteFault};

use super::outcome;
use crate::{Message, Status};

/// Whether the message may have been sent by now, by somebody of whom this table knows nothing.
fn in_doubt(message: &Message, now: Timestamp) -> bool {
    (message.status.is_pending() && message.send_at <= now) || message.status == Status::Sending
}

/// Gives a message up that a restored table holds for unsent and whose time has come: it becomes `UNKNOWN`, is not
/// sent and stands on the desk. If it had been handed over before, the provider is asked about it. Whether there was
/// a doubt; twice is once.
pub async fn doubt(table: &ClinicTable, kept: &Kept<Message>, now: Timestamp) -> Result<bool, WriteFault> {
    if !in_doubt(kept, now) {
        return Ok(false);
    }
    let says = "the table was restored from before its time: nobody knows whether it was sent";
    let lost = outcome::unknown((**kept).clone(), now, says);
    match outcome::write(table, kept, &lost, now).await {
        Ok(()) => Ok(true),
        // A receipt was faster: now somebody knows.
        Err(fault) if fault.is_conflict() => Ok(false),
        Err(fault) => Err(fault),
    }
}
