//! Counters: numbers that many hands add to.

use crate::{
    ClinicTable, TableFault,
    keys::{CounterKey, Key},
};

/// What a counter stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Its name within what it counts for.
    pub name: String,
    /// Its value.
    pub value: i64,
}

fn value(item: &crate::item::Item) -> i64 {
    item.get("n").and_then(|n| n.as_n().ok()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

impl ClinicTable {
    /// What a counter stands at; zero if nobody has counted yet.
    pub async fn count(&self, key: &CounterKey) -> Result<i64, TableFault> {
        let (pk, sk) = key.full(&self.prefix);
        let item = self.table.get_each(&[(pk, sk)], true).await?.into_iter().flatten().next();
        Ok(item.as_ref().map_or(0, value))
    }

    /// Up to a hundred counters of one thing whose name begins with `with`.
    pub async fn counts(&self, of: &str, with: &str) -> Result<Vec<Counter>, TableFault> {
        let span = CounterKey::within(of.to_owned()).beginning(with);
        let rows = self.table.rows(&self.prefix, &span, 100, None, false).await?;
        Ok(rows
            .items
            .iter()
            .map(|item| {
                let order = item.get("sk").and_then(|sk| sk.as_s().ok()).map_or("", String::as_str);
                let name = order.trim_start_matches("counter#").trim_end_matches('#').to_owned();
                Counter { name, value: value(item) }
            })
            .collect())
    }
}
