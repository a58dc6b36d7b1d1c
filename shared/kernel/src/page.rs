//! Lists come in pages with a cursor; none is unbounded.

use serde::{Deserialize, Serialize};

/// How many rows a page may hold: 1 to 100, 20 unless asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

/// A page size outside of 1 to the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("limit {asked} is not between 1 and {most}")]
pub struct LimitOutOfRange {
    /// What was asked for.
    pub asked: i64,
    /// The most that is given.
    pub most: u16,
}

impl Limit {
    /// The largest page of all.
    pub const MOST: Self = Self(100);

    /// Checks a page size against the general maximum.
    pub fn new(asked: i64) -> Result<Self, LimitOutOfRange> {
        Self::up_to(asked, 100)
    }

    /// Checks a page size against a smaller maximum.
    pub fn up_to(asked: i64, most: u16) -> Result<Self, LimitOutOfRange> {
        u16::try_from(asked)
            .ok()
            .filter(|size| (1..=most).contains(size))
            .map(Self)
            .ok_or(LimitOutOfRange { asked, most })
    }

    /// The number of rows.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

/// Where the next page begins; opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// Some rows and, if there are more, where they begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The same page of other rows.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}
