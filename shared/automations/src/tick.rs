//! The minute: what is due is pushed to the queue of whoever does it.

use std::collections::HashSet;

use kernel::{Fault, Kind, RawJob, Timestamp};
use messaging::{Message, SendRequested, SendsRequested, Status};
use platform::{Platform, PlatformFault};
use table::{Due, TableFault, WriteFault, keys::MessageKey};

/// How many jobs one push carries: what a queue takes in one call.
pub(crate) const PUSH: usize = 10;

/// What a tick did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ticked {
    /// Jobs that were due for the first time.
    pub fresh: usize,
    /// Jobs that had been due before and are still to be done.
    pub again: usize,
    /// Jobs that had been due before and are done.
    pub done: usize,
}

/// A tick that was not finished; the next one begins where this one did.
#[derive(Debug, thiserror::Error)]
pub enum TickFault {
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
    /// The queue.
    #[error(transparent)]
    Platform(#[from] PlatformFault),
}

impl From<TableFault> for TickFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for TickFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Write(fault) => fault.kind(),
            Self::Platform(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Write(fault) => fault.code(),
            Self::Platform(fault) => fault.code(),
        }
    }
}

/// Finds what is due and pushes it. What was due before is pushed again if its message still waits; other work
/// finds out by itself that it is done. Nothing counts as found before all of it was pushed.
pub async fn run(platform: &Platform) -> Result<Ticked, TickFault> {
    let now = platform.clock.now();
    let shared = platform.table.shared();
    let sweep = shared.sweep(now).await?;
    if sweep.held {
        platform::highest("sending.held", 1);
        tracing::warn!("the table is a copy and nothing is sent from it before it is released");
        return Ok(Ticked::default());
    }
    let fresh: Vec<RawJob> = sweep.fresh.iter().map(|due| due.job.clone()).collect();
    let again = still_to_do(platform, &sweep.again, now).await?;
    for chunk in packed(fresh.iter().chain(&again)).chunks(PUSH) {
        platform.queue.push(chunk).await?;
    }
    shared.swept(&sweep).await?;
    let ticked = Ticked { fresh: fresh.len(), again: again.len(), done: sweep.again.len() - again.len() };
    for (name, many) in [("due.fresh", ticked.fresh), ("due.again", ticked.again), ("due.done", ticked.done)]
    {
        platform::count(name, many);
    }
    platform::highest("due.late_s", lateness(&sweep.fresh, now));
    Ok(ticked)
}

/// Jobs as they travel: requests to send go together, so many in one.
fn packed<'a>(jobs: impl Iterator<Item = &'a RawJob>) -> Vec<RawJob> {
    let (mut sends, mut others) = (Vec::new(), Vec::new());
    for job in jobs {
        match job.read::<SendRequested>() {
            Some(Ok(request)) => sends.push(request),
            _ => others.push(job.clone()),
        }
    }
    others.extend(SendsRequested::packed(&sends));
    others
}

/// What of the work that was due before is still to be done; each work once, whatever buckets it was found in.
async fn still_to_do(platform: &Platform, again: &[Due], now: Timestamp) -> Result<Vec<RawJob>, TableFault> {
    let mut reads = platform.table.reads();
    let of = |request: &SendRequested| platform.table.of(request.clinic);
    for request in again.iter().filter_map(request) {
        reads.want(&of(&request), &MessageKey { message: request.message });
    }
    // As it was a moment ago is enough: what looks as if it waited is claimed at its revision, or not.
    let found = reads.lately().await?;
    let mut waiting = HashSet::new();
    for request in again.iter().filter_map(request) {
        let message = found.get::<Message>(&of(&request), &MessageKey { message: request.message })?;
        if message.is_some_and(|message| waits(&message, now)) {
            waiting.insert(request);
        }
    }
    let mut seen = HashSet::new();
    let wanted = |due: &&Due| {
        seen.insert((due.clinic, due.id.clone()))
            && request(due).is_none_or(|request| waiting.contains(&request))
    };
    Ok(again.iter().filter(wanted).map(|due| due.job.clone()).collect())
}

/// How long the oldest work that is found for the first time has been due, in whole seconds; up to a minute is
/// what a tick per minute makes of it.
fn lateness(fresh: &[Due], now: Timestamp) -> usize {
    let oldest = fresh.iter().map(|due| due.at).min().unwrap_or(now);
    usize::try_from(now.duration_since(oldest).as_secs()).unwrap_or(0)
}

/// The request to send, if the work is one that can be read.
pub(crate) fn request(due: &Due) -> Option<SendRequested> {
    due.job.read::<SendRequested>()?.ok()
}

/// Whether a sender has to look at the message now: it waits and its time has come, or who claimed it died.
fn waits(message: &Message, now: Timestamp) -> bool {
    let dead = || message.claimed_until.is_some_and(|until| until < now);
    (message.status.is_pending() && message.send_at <= now) || (message.status == Status::Sending && dead())
}

#[cfg(test)]
#[path = "tick_tests.rs"]
mod tests;
