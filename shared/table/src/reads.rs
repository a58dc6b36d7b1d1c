//! Reading items of many kinds and clinics in few calls.

use std::collections::HashMap;

use crate::{
    ClinicTable, Entity, Kept, Table, TableFault,
    count::value,
    item::{Item, unpack_from},
    keys::{CounterKey, Key},
};

/// Keys of items that are wanted, each once however often it is named.
#[must_use = "nothing is read before it is asked for"]
pub struct Reads {
    table: Table,
    keys: Vec<(String, String)>,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Found(HashMap<(String, String), Item>);

impl Table {
    /// Starts to gather what is to be read.
    pub fn reads(&self) -> Reads {
        Reads { table: self.clone(), keys: Vec::new() }
    }
}

impl ClinicTable {
    /// Starts to gather what is to be read of this clinic.
    pub fn reads(&self) -> Reads {
        self.table.reads()
    }
}

impl Reads {
    /// Wants the item at a key of a clinic.
    pub fn want<K: Key>(&mut self, of: &ClinicTable, key: &K) -> &mut Self {
        const { assert!(!K::SHARED, "shared items are read on the shared part") };
        self.keys.push(key.full(&of.prefix));
        self
    }

    /// Reads them as they are now: one call per hundred, a read unit per item and 4 KB.
    pub async fn now(self) -> Result<Found, TableFault> {
        self.read(true).await
    }

    /// Reads them as they were a moment ago, at half the price. Whoever acts on it must be safe if it has changed
    /// since.
    pub async fn lately(self) -> Result<Found, TableFault> {
        self.read(false).await
    }

    async fn read(mut self, exact: bool) -> Result<Found, TableFault> {
        self.keys.sort_unstable();
        self.keys.dedup();
        Ok(Found(self.table.get_all(&self.keys, exact).await?))
    }
}

impl Found {
    /// The item at a key, if there is one.
    pub fn get<E: Entity>(&self, of: &ClinicTable, key: &E::Key) -> Result<Option<Kept<E>>, TableFault> {
        self.0.get(&key.full(&of.prefix)).map(unpack_from).transpose()
    }

    /// What a counter stands at; zero if nobody has counted yet.
    pub fn count(&self, of: &ClinicTable, key: &CounterKey) -> i64 {
        self.0.get(&key.full(&of.prefix)).map_or(0, value)
    }
}
