//! What is asked of a till, and what it answers.

use futures::future::BoxFuture;
use jiff::SignedDuration;
use kernel::{Channel, Clock, MessageId, Timestamp};
use serde::{Deserialize, Serialize};
use table::ClinicTable;

use crate::{
    Cell, Unit, WalletFault,
    ledger::{Held, Line, What},
};

/// How long a reservation is left to its maker. A claim on a message holds for a minute; five times that is out
/// of any doubt, and by then every claim has ended one way or another.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// Whether a message may overdraw the balance as far as the clinic allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It is part of somebody's care, such as a reminder of a visit.
    Care,
    /// Everything else.
    Other,
}

/// One attempt to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The message.
    pub message: MessageId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What it is and which way it is expected to go.
    pub cell: Cell,
    /// The most it may cost: its price, if that is known by now.
    pub most: i64,
    /// Whether it may overdraw the balance.
    pub purpose: Purpose,
}

/// A whole blast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlastAsk {
    /// Its id: letters, digits, `_` and `-`.
    pub id: String,
    /// In how many parts it is sent and settled.
    pub parts: u32,
    /// What it is and which way it goes.
    pub cell: Cell,
    /// The most it may cost: its quote.
    pub most: i64,
    /// When it is surely over.
    pub until: Timestamp,
}

/// A reservation to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub(super) mark: String,
    pub(super) lines: Vec<(Line, bool)>,
    pub(super) until: Timestamp,
}

impl Hold {
    /// For a batch of messages of one clinic, at most 50, each attempt once. It has its mark from here on: write it into the
    /// claims, before or while the reservation is made.
    pub fn new(clock: &Clock, asks: impl IntoIterator<Item = Ask>) -> Self {
        let line = |ask: Ask| {
            let what = What::Message { id: ask.message, attempt: ask.attempt };
            (Line { what, cell: ask.cell, most: ask.most.max(0) }, ask.purpose == Purpose::Care)
        };
        let until = clock.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        Self { mark: mark(clock), lines: asks.into_iter().map(line).collect(), until }
    }

    /// For a whole blast.
    pub fn blast(clock: &Clock, ask: BlastAsk) -> Self {
        let what = What::Blast { id: ask.id, parts: ask.parts };
        let line = Line { what, cell: ask.cell, most: ask.most.max(0) };
        Self { mark: mark(clock), lines: vec![(line, false)], until: ask.until }
    }

    /// What tells this reservation from every other. An attempt that does not carry the mark of a reservation
    /// is not paid from it.
    pub fn mark(&self) -> &str {
        &self.mark
    }
}

fn mark(clock: &Clock) -> String {
    let mut random = [0; 8];
    clock.random(&mut random);
    format!("{:016x}", u64::from_be_bytes(random))
}

/// What something cost in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The way it went.
    pub channel: Channel,
    /// How many messages.
    pub messages: u32,
    /// How many times the rate was taken.
    pub units: u32,
    /// In minor units; what exceeds the reservation is not taken.
    pub amount: i64,
}

impl Cost {
    /// One message at a price.
    pub fn of(channel: Channel, price: crate::Price) -> Self {
        Self { channel, messages: 1, units: price.units, amount: price.amount }
    }
}

/// What became of a part of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A provider took it.
    Sent(Cost),
    /// Nobody knows; booked as it was reserved, and given back if it turns out not to have left.
    Unknown,
    /// It provably did not leave, or was never tried under this reservation.
    NotSent,
    /// It is still being worked on.
    Open,
}

/// Knows what became of messages. A message whose attempt does not carry the mark of the reservation was not
/// sent under it.
pub trait Fates: Send + Sync {
    /// The fate of each part of a reservation, in their order.
    fn of<'a>(
        &'a self,
        table: &'a ClinicTable,
        held: &'a Held,
    ) -> BoxFuture<'a, Result<Vec<Fate>, WalletFault>>;
}

/// What was reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    pub(super) unit: Unit,
    pub(super) parts: Vec<Option<u32>>,
    pub(super) held: Option<Held>,
}

impl Granted {
    /// Whether the ask at this place was granted. What was not is short of balance.
    pub fn is_granted(&self, index: usize) -> bool {
        self.parts.get(index).is_some_and(Option::is_some)
    }

    /// Whether all of them were.
    pub fn is_whole(&self) -> bool {
        self.parts.iter().all(Option::is_some)
    }

    /// The reservation, if anything was granted.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// What is written down with the attempt of the ask at this place, for showing and for giving back.
    pub fn charge(&self, index: usize, cost: &Cost) -> Option<Charge> {
        let part = (*self.parts.get(index)?)?;
        let held = self.held.as_ref()?;
        let line = held.lines.of(part)?;
        Some(Charge {
            unit: self.unit,
            page: held.page,
            part,
            cell: Cell::new(line.cell.notification, cost.channel),
            units: cost.units,
            amount: cost.amount.clamp(0, line.most),
        })
    }
}

/// What an attempt cost and where that is booked. Belongs to the attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// In which unit.
    pub unit: Unit,
    /// The page of its reservation.
    pub page: u64,
    /// Which part of it.
    pub part: u32,
    /// What it was and which way it went.
    pub cell: Cell,
    /// How many times the rate was taken.
    pub units: u32,
    /// How much.
    pub amount: i64,
}
