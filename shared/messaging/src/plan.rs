//! Writing a message down, and taking it back, within somebody's transaction.

use kernel::Timestamp;
use table::{Kept, Write};

use crate::{Ended, Message, SendRequested, Status};

/// Adds a message and its due item to a transaction.
pub fn plan(write: &mut Write, message: &Message) {
    let Some(clinic) = write.clinic() else { return };
    write.create(message).due(
        message.send_at,
        &message.due_id(),
        &SendRequested { clinic, message: message.id },
    );
}

/// Adds the end of a pending message to a transaction, and takes its due item out. A sender that claims it at
/// the same time wins or loses whole: the transaction holds at the revision that was read.
pub fn take_back(write: &mut Write, kept: &Kept<Message>, status: Status, why: Ended, now: Timestamp) {
    debug_assert!(kept.status.is_pending(), "only what no sender holds can be taken back");
    let mut ended = (**kept).clone().moved(status, now);
    ended.ended = Some(why);
    write.replace(kept, &ended).undue(kept.send_at, &kept.due_id());
}
