//! The sender: at most once, and nothing is lost.
//!
//! A message is *claimed* by one conditional write, which fences off every other worker and everybody who
//! would take it back. Then the facts are read once more, the send gate decides, the words are written and the
//! provider is called; one *outcome* write ends it. Whoever dies between the call and the outcome leaves a
//! claim behind that runs out: the message becomes `UNKNOWN` and is never sent again by itself.

mod call;
mod claim;
mod doubt;
mod facts;
mod judge;
mod known;
mod outcome;
mod settle;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use futures::future::join_all;
use jiff::SignedDuration;
use kernel::{Channel, ClinicId};
use platform::{JobFault, Platform, Worked};
use providers::Carrier;
use table::{ClinicTable, Kept, keys::MessageKey};

pub use doubt::doubt;
pub use settle::SettleUnknown;
pub use words::Links;

use crate::{Message, SendRequested};
use facts::Facts;
use known::Memory;

/// How long a claim holds. A provider is given 10 seconds; six times that is out of any doubt.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// Who carries what.
#[derive(Clone, Default)]
pub struct Carriers(BTreeMap<Channel, Arc<dyn Carrier>>);

impl Carriers {
    /// No carriers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// And this one, for the channel of its provider.
    #[must_use]
    pub fn with(mut self, carrier: impl Carrier + 'static) -> Self {
        self.0.insert(carrier.provider().channel(), Arc::new(carrier));
        self
    }

    pub(crate) fn of(&self, channel: Channel) -> Option<&Arc<dyn Carrier>> {
        self.0.get(&channel)
    }
}

/// Sends what is due.
pub struct Sender {
    platform: Platform,
    carriers: Carriers,
    links: Arc<dyn Links>,
    memory: Memory,
}

impl Sender {
    /// A sender on a platform.
    pub fn on(platform: &Platform, carriers: Carriers, links: Arc<dyn Links>) -> Self {
        Self { platform: platform.clone(), carriers, links, memory: Memory::default() }
    }

    /// Sends a batch. The answer stands in the order of the requests; a failure means: ask again later. A
    /// request whose message is not due, is held by another sender or has ended is done.
    pub async fn run(&self, requests: &[SendRequested]) -> Vec<Worked> {
        let mut clinics: BTreeMap<ClinicId, Vec<usize>> = BTreeMap::new();
        for (index, request) in requests.iter().enumerate() {
            clinics.entry(request.clinic).or_default().push(index);
        }
        let mut worked: Vec<Worked> = requests.iter().map(|_| Ok(())).collect();
        let batches = clinics.into_iter().map(async |(clinic, indexes)| {
            let wanted: Vec<_> = indexes.iter().map(|index| requests[*index].message).collect();
            (indexes, self.run_clinic(&self.platform.table.of(clinic), &wanted).await)
        });
        for (indexes, results) in join_all(batches).await {
            for (index, result) in indexes.into_iter().zip(results) {
                worked[index] = result;
            }
        }
        worked
    }

    async fn run_clinic(&self, table: &ClinicTable, ids: &[kernel::MessageId]) -> Vec<Worked> {
        let all = |fault: JobFault| ids.iter().map(|_| Err(fault.clone())).collect();
        let keys: Vec<_> = ids.iter().map(|message| MessageKey { message: *message }).collect();
        let read = match table.get_many::<Message>(&keys).await {
            Ok(read) => read,
            Err(fault) => return all(fault.into()),
        };
        let mut worked: Vec<Worked> = ids.iter().map(|_| Ok(())).collect();
        let mut seen = std::collections::HashSet::new();
        // The same request twice in a batch: the second would meet the first one's claim.
        let first = read.into_iter().enumerate().filter(|(index, _)| seen.insert(ids[*index]));
        let claims = first.filter_map(|(index, kept)| Some((index, kept?)));
        let claims = join_all(claims.map(async |(index, kept)| (index, self.claim(table, kept).await))).await;
        let mut claimed: Vec<(usize, Kept<Message>)> = Vec::new();
        for (index, claim) in claims {
            match claim {
                Ok(Some(kept)) => claimed.push((index, kept)),
                Ok(None) => {}
                Err(fault) => worked[index] = Err(fault.into()),
            }
        }
        if claimed.is_empty() {
            return worked;
        }
        let facts = self.facts(table, &claimed).await;
        let sent = claimed.into_iter().map(async |(index, kept)| {
            let result = match &facts {
                Ok(facts) => self.deliver(table, facts, kept).await,
                Err(fault) => self.release(table, kept).await.and(Err(fault.clone())),
            };
            (index, result)
        });
        for (index, result) in join_all(sent).await {
            worked[index] = result;
        }
        worked
    }

    async fn facts(
        &self,
        table: &ClinicTable,
        claimed: &[(usize, Kept<Message>)],
    ) -> Result<Facts, JobFault> {
        let known = self.memory.clinic(table).await?;
        let messages: Vec<&Message> = claimed.iter().map(|(_, kept)| &**kept).collect();
        Ok(Facts::read(table, known, &messages).await?)
    }
}
