//! What is kept in the table, and what a read gives back.

use std::ops::Deref;

use kernel::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::keys::{Key, Place};

/// A thing that is kept as one item. Its keys are derived from it, all of them, on every write.
pub trait Entity: Serialize + DeserializeOwned + Send + Sync {
    /// Where it is found directly.
    type Key: Key;

    /// Words that all items of this kind have in common, in versions of which the last one is used to write. Where
    /// there are any, items are kept packed over them; no version that was ever used may be changed.
    const WORDS: &'static [&'static [u8]] = &[];

    /// A word about how it stands that is kept in the open beside a packed item, for whoever looks into the table.
    fn state(&self) -> Option<&'static str> {
        None
    }

    /// Its key.
    fn key(&self) -> Self::Key;

    /// Its place in a list of the clinic, if it belongs into one now.
    fn listed(&self) -> Option<Place> {
        None
    }

    /// Its place among the things of an owner, if it belongs to one now.
    fn held(&self) -> Option<Place> {
        None
    }

    /// When the database may forget it. It may take two days longer; readers look at the time themselves.
    fn expires(&self) -> Option<Timestamp> {
        None
    }
}

/// An entity as it was read, with its revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept<E> {
    #[serde(flatten)]
    pub(crate) value: E,
    #[serde(rename = "version")]
    pub(crate) rev: u64,
}

impl<E> Kept<E> {
    /// The revision: 1 when created, one more with each replacement. Clients know it as `version`.
    pub fn rev(&self) -> u64 {
        self.rev
    }

    /// What stands there after this was created.
    pub fn first(value: E) -> Self {
        Self { value, rev: 1 }
    }

    /// What stands there after this was replaced by `new`.
    #[must_use]
    pub fn followed_by(&self, new: E) -> Self {
        Self { value: new, rev: self.rev + 1 }
    }

    /// The entity alone.
    pub fn into_value(self) -> E {
        self.value
    }
}

impl<E> Deref for Kept<E> {
    type Target = E;
    fn deref(&self) -> &E {
        &self.value
    }
}
