//! Counters: numbers that many hands add to.

use crate::{
    ClinicTable, TableFault,
    keys::{CounterKey, Key},
    list::{Index, cursor},
};

/// What a counter stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Its name within what it counts for.
    pub name: String,
    /// Its value.
    pub value: i64,
}

pub(crate) fn value(item: &crate::item::Item) -> i64 {
    let sum = item.get("n").and_then(|n| n.as_n().ok()).and_then(|n| n.parse().ok()).unwrap_or(0);
    let names = item.get("seen").and_then(|seen| seen.as_ss().ok()).map_or(0, Vec::len);
    i64::try_from(names).unwrap_or(i64::MAX).saturating_add(sum)
}

impl ClinicTable {
    /// What a counter stands at; zero if nobody has counted yet.
    pub async fn count(&self, key: &CounterKey) -> Result<i64, TableFault> {
        let (pk, sk) = key.full(&self.prefix);
        let item = self.table.get_each(&[(pk, sk)], true).await?.into_iter().flatten().next();
        Ok(item.as_ref().map_or(0, value))
    }

    /// The counters of one thing whose name begins with `with`, all of them: for things of which there are some
    /// hundreds.
    pub async fn counts(&self, of: &str, with: &str) -> Result<Vec<Counter>, TableFault> {
        let span = CounterKey::within(of.to_owned()).beginning(with);
        let (mut counters, mut next) = (Vec::new(), None);
        loop {
            let rows = self.table.rows(&self.prefix, &span, 1000, next.as_ref(), false).await?;
            let mut last = None;
            for item in &rows.items {
                let field = |name: &str| item.get(name).and_then(|field| field.as_s().ok());
                let order = field("sk").map_or("", String::as_str);
                let name = order.trim_start_matches("counter#").trim_end_matches('#').to_owned();
                counters.push(Counter { name, value: value(item) });
                last = field("pk").map(|pk| cursor(Index::Table, pk, order));
            }
            next = last.filter(|_| rows.more);
            if next.is_none() {
                return Ok(counters);
            }
        }
    }
}
