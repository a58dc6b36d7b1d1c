//! Where messages are paid: reserve before the provider is called, settle after.
//!
//! A batch of messages is one reservation and one write. What became of it is kept in memory and goes out with
//! the next reservation of the same clinic, so that settling costs nothing of its own. A process that dies with
//! something in memory loses nothing: its reservations run out, and whoever books next asks [`Fates`] what
//! became of the messages.

mod hold;
mod received;
mod refund;
mod reserve;
mod settle;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use kernel::ClinicId;
use tokio::sync::Mutex as Turn;

pub use hold::{Ask, BlastAsk, Charge, Cost, Fate, Fates, Granted, Hold, Purpose};
pub(crate) use settle::Settlement;

use crate::{Unit, ledger::Seat};

/// Ledgers that a process remembers; beyond that the quiet ones are forgotten.
const REMEMBERED: usize = 500;

type Seats = BTreeMap<(ClinicId, Unit), Arc<Turn<Seat>>>;

/// The wallets as one process sees them. Cheap to clone; clones share what they know.
#[derive(Clone)]
pub struct Till {
    seats: Arc<Mutex<Seats>>,
    fates: Option<Arc<dyn Fates>>,
}

impl Till {
    /// A till that asks nobody: what others leave open stays open until an errand settles it.
    pub fn new() -> Self {
        Self { seats: Arc::default(), fates: None }
    }

    /// A till that settles what others have left open when it meets it.
    pub fn asking(fates: Arc<dyn Fates>) -> Self {
        Self { seats: Arc::default(), fates: Some(fates) }
    }

    fn seat(&self, clinic: ClinicId, unit: Unit) -> Arc<Turn<Seat>> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.len() >= REMEMBERED && !seats.contains_key(&(clinic, unit)) {
            let is_needed = |seat: &Arc<Turn<Seat>>| {
                Arc::strong_count(seat) > 1 || seat.try_lock().map_or(true, |seat| !seat.ready.is_empty())
            };
            seats.retain(|_, seat| is_needed(seat));
        }
        Arc::clone(seats.entry((clinic, unit)).or_default())
    }
}

impl Default for Till {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Till {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Till")
    }
}

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
