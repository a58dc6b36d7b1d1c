//! A page of a ledger as one item.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use table::{
    Entity,
    keys::{BookedOnceKey, LedgerPageKey},
};

use super::{Entry, Head};
use crate::Unit;

/// A page. Written once and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPage {
    /// Whose unit.
    pub unit: Unit,
    /// From 1, without gaps.
    #[serde(rename = "n")]
    pub number: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What it books.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
    /// What all pages up to it amount to.
    #[serde(rename = "h")]
    pub head: Head,
}

impl Entity for LedgerPage {
    type Key = LedgerPageKey;
    fn key(&self) -> LedgerPageKey {
        LedgerPageKey { unit: self.unit.to_string(), number: self.number }
    }
}

/// That something was booked: written in the transaction of its page, so that it is booked once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedOnce {
    /// What.
    pub what: String,
    /// When.
    pub at: Timestamp,
}

impl Entity for BookedOnce {
    type Key = BookedOnceKey;
    fn key(&self) -> BookedOnceKey {
        BookedOnceKey { what: self.what.clone() }
    }
}
