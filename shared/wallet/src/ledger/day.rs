//! What a day of a ledger amounts to.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use table::{Entity, keys::LedgerDayKey};

use super::Totals;
use crate::Unit;

/// A day that is over. It is written with the first page of a later day, and again when a reservation of the day
/// is settled later: messages count on the day they were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerDay {
    /// Of which ledger.
    pub unit: Unit,
    /// The day in the clinic's zone.
    pub day: Date,
    /// What happened on it.
    pub totals: Totals,
}

impl Entity for LedgerDay {
    type Key = LedgerDayKey;
    fn key(&self) -> LedgerDayKey {
        LedgerDayKey { unit: self.unit.to_string(), day: self.day.to_string() }
    }
}
