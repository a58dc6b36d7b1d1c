//! Counts what the database is asked and what it would bill.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::Value;

/// Counts calls and capacity; handles share one count.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Usage>>);

/// What was used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// Calls by operation.
    pub calls: BTreeMap<String, u64>,
    /// Write request units, those of transactions and indexes included, refused conditions too.
    pub write_units: f64,
    /// Read request units.
    pub read_units: f64,
}

impl Usage {
    /// All calls together.
    pub fn total_calls(&self) -> u64 {
        self.calls.values().sum()
    }
}

/// What of an answer tells its price; the rest is passed over.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "ConsumedCapacity")]
    capacity: Option<Value>,
}

fn writes(operation: &str) -> bool {
    !matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems")
}

fn units(capacity: &Value) -> f64 {
    match capacity {
        Value::Array(many) => many.iter().map(units).sum(),
        one => one.get("CapacityUnits").and_then(Value::as_f64).unwrap_or(0.0),
    }
}

impl Meter {
    /// What was used since it was last asked; the count begins anew.
    pub fn take(&self) -> Usage {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with(&self, change: impl FnOnce(&mut Usage)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The same request, asking for the figures as well.
    pub(crate) fn prepare(&self, operation: &str, body: &[u8]) -> String {
        self.with(|usage| *usage.calls.entry(operation.to_owned()).or_default() += 1);
        let text = String::from_utf8_lossy(body).into_owned();
        let bare = operation == "CreateTable" || operation == "DescribeTable" || text == "{}";
        match text.strip_suffix('}') {
            Some(open) if !bare => format!("{open},\"ReturnConsumedCapacity\":\"TOTAL\"}}"),
            _ => text,
        }
    }

    pub(crate) fn note(&self, operation: &str, answer: &str) {
        let answer = serde_json::from_str::<Answer>(answer).ok();
        let Some(capacity) = answer.and_then(|answer| answer.capacity) else { return };
        let units = units(&capacity);
        self.with(
            |usage| if writes(operation) { usage.write_units += units } else { usage.read_units += units },
        );
    }

    /// A refused condition is billed like the write it would have been: one unit for a small item, two in a
    /// transaction for each of its items.
    pub(crate) fn note_refused(&self, operation: &str, body: &str, fault: &str) {
        if !writes(operation)
            || !(fault.contains("ConditionalCheckFailed") || fault.contains("TransactionCanceled"))
        {
            return;
        }
        let items = serde_json::from_str::<Value>(body)
            .ok()
            .and_then(|body| body.get("TransactItems").and_then(Value::as_array).map(Vec::len))
            .map_or(1.0, |items| 2.0 * f64::from(u32::try_from(items).unwrap_or(u32::MAX)));
        self.with(|usage| usage.write_units += items);
    }
}
