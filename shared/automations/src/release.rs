//! A table that was restored to an earlier moment begins to send again.
//!
//! It holds for unsent what was sent since that moment. So what has fallen due since is given up rather than sent
//! a second time; what is still ahead is left as it is.

use kernel::{Job, Lane, RawJob};
use messaging::{Message, doubt};
use platform::Platform;
use serde::{Deserialize, Serialize};
use table::keys::MessageKey;

use crate::tick::{PUSH, TickFault, request};

/// Somebody has looked at the restored table: it shall send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingReleased {}

impl Job for SendingReleased {
    const TYPE: &'static str = "sending_released.1";
    const LANE: Lane = Lane::Reminders;
}

/// Gives up what fell due since the restored moment, lets other work of that time be done, and lets the tick begin
/// from now. Gives back how many messages were given up. Broken off, it is begun again by the same job; on a table
/// that is no copy it finds nothing that was not pushed before.
pub async fn run(platform: &Platform) -> Result<usize, TickFault> {
    let now = platform.clock.now();
    let shared = platform.table.shared();
    let sweep = shared.sweep(now).await?;
    if !sweep.held {
        return Ok(0);
    }
    let sweep = shared.sweep_copy(now).await?;
    let mut given_up = 0;
    let mut others: Vec<RawJob> = Vec::new();
    for due in sweep.fresh.iter().chain(&sweep.again) {
        let Some(request) = request(due) else {
            others.push(due.job.clone());
            continue;
        };
        let table = platform.table.of(request.clinic);
        if let Some(kept) = table.get::<Message>(&MessageKey { message: request.message }).await?
            && doubt(&table, &kept, now).await?
        {
            given_up += 1;
        }
    }
    for chunk in others.chunks(PUSH) {
        platform.queue.push(chunk).await?;
    }
    shared.swept(&sweep).await?;
    tracing::warn!(messages.given_up = given_up, "a restored table sends again");
    Ok(given_up)
}
