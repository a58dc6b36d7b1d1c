//! The sender: at most once, and nothing is lost.
//!
//! A message is *claimed* by one conditional write, which fences off every other worker and everybody who
//! would take it back. Then the facts are read once more, the send gate decides, the words are written and the
//! provider is called; one *outcome* write ends it. Whoever dies between the call and the outcome leaves a
//! claim behind that runs out: the message becomes `UNKNOWN` and is never sent again by itself.
//!
//! Messages go through these steps in batches of up to [`BATCH`], of whatever clinics they are: a step is one call to
//! the table for all of them, and holds or fails for each message by itself.

mod call;
mod carriers;
mod claim;
mod doubt;
mod facts;
mod gather;
mod judge;
mod known;
mod outcome;
mod proof;
mod settle;
mod words;

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, stream, stream::FuturesUnordered};
use jiff::SignedDuration;
use kernel::{Kind, Timestamp};
use platform::{JobFault, Platform, Worked};
use table::{ClinicTable, Kept};

pub use carriers::Carriers;
pub use doubt::doubt;
pub use settle::SettleUnknown;
pub use words::Links;

use crate::{Message, SendRequested};
use claim::Claim;
use gather::{Gathered, gather};
use known::Memory;
use outcome::Next;

/// How long a claim holds. A provider is given 10 seconds; six times that is out of any doubt.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How many messages take each step together: as many writes as one call to the table holds.
pub(crate) const BATCH: usize = crate::message::SENDS;
/// How many batches are under way at a time.
const BATCHES: usize = 2;
/// After so much time no further batch is begun: a function has 30 seconds, and a provider that does not answer takes
/// 10 of them. What was not begun comes again, and was not claimed.
const BEGINS_WITHIN: SignedDuration = SignedDuration::from_secs(14);
/// How long an outcome waits for those of the same batch whose provider is slower. Whoever dies meanwhile leaves a
/// message behind of which nobody knows that it was sent.
const PATIENCE: Duration = Duration::from_millis(250);

/// Sends what is due.
pub struct Sender {
    platform: Platform,
    carriers: Carriers,
    links: Arc<dyn Links>,
    memory: Memory,
    tokens: proof::Tokens,
}

/// A message that this sender has claimed.
#[derive(Debug)]
pub(super) struct Held {
    /// Which of the requests it was asked for with.
    index: usize,
    of: ClinicTable,
    kept: Kept<Message>,
}

impl Sender {
    /// A sender on a platform.
    pub fn on(platform: &Platform, carriers: Carriers, links: Arc<dyn Links>) -> Self {
        Self {
            platform: platform.clone(),
            carriers,
            links,
            memory: Memory::default(),
            tokens: proof::Tokens::default(),
        }
    }

    /// Sends a batch. The answer stands in the order of the requests; a failure means: ask again later. A
    /// request whose message is not due, is held by another sender or has ended is done.
    pub async fn run(&self, requests: &[SendRequested]) -> Vec<Worked> {
        let mut worked: Vec<Worked> = requests.iter().map(|_| Ok(())).collect();
        let mut seen = HashSet::new();
        // The same request twice: the second would meet the first one's claim.
        let first: Vec<(usize, SendRequested)> =
            requests.iter().copied().enumerate().filter(|(_, request)| seen.insert(*request)).collect();
        let began = self.platform.clock.now();
        let batches: Vec<_> = first.chunks(BATCH).map(|batch| self.begin(batch, began).boxed()).collect();
        let done: Vec<Vec<(usize, Worked)>> = stream::iter(batches).buffered(BATCHES).collect().await;
        for (index, result) in done.into_iter().flatten() {
            worked[index] = result;
        }
        worked
    }

    async fn begin(&self, batch: &[(usize, SendRequested)], began: Timestamp) -> Vec<(usize, Worked)> {
        if self.platform.clock.now().duration_since(began) > BEGINS_WITHIN {
            let says = "there was no time left to begin".to_owned();
            let late = JobFault { kind: Kind::Unavailable, code: "not_begun", says };
            return batch.iter().map(|(index, _)| (*index, Err(late.clone()))).collect();
        }
        self.run_batch(batch).await
    }

    async fn run_batch(&self, requests: &[(usize, SendRequested)]) -> Vec<(usize, Worked)> {
        let mut worked = Vec::with_capacity(requests.len());
        let mut held = Vec::with_capacity(requests.len());
        for ((index, request), claim) in requests.iter().zip(self.claim(requests).await) {
            match claim {
                Claim::Held(kept) => {
                    let of = self.platform.table.of(request.clinic);
                    held.push(Held { index: *index, of, kept: *kept });
                }
                Claim::Done => worked.push((*index, Ok(()))),
                Claim::Failed(fault) => worked.push((*index, Err(fault))),
            }
        }
        if held.is_empty() {
            return worked;
        }
        let facts = gather(&self.platform.table, &self.memory, &held, false).await;
        let calls = held.into_iter().map(|held| self.outcome_of(held, &facts).boxed());
        let mut calls: FuturesUnordered<_> = calls.collect();
        let mut ended = Vec::new();
        let mut patience = std::pin::pin!(tokio::time::sleep(PATIENCE));
        loop {
            let next = if ended.is_empty() {
                let next = calls.next().await;
                patience.set(tokio::time::sleep(PATIENCE));
                next
            } else {
                tokio::select! {
                    biased;
                    next = calls.next() => next,
                    () = &mut patience => {
                        worked.extend(self.conclude(std::mem::take(&mut ended)).await);
                        continue;
                    }
                }
            };
            match next {
                Some(one) => ended.push(one),
                None => break,
            }
        }
        worked.extend(self.conclude(ended).await);
        worked
    }

    async fn outcome_of(&self, held: Held, facts: &Gathered) -> (Held, Next) {
        let next = match facts.get(&held.of.clinic()) {
            Some(Ok(facts)) => self.next(&held, facts).await,
            Some(Err(fault)) => Next::Release(fault.clone()),
            None => Next::Release(JobFault::unknown("facts")),
        };
        (held, next)
    }
}
