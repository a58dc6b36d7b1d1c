//! What the product does, in sentences: the functions as they are deployed, on a clinic in memory.
#![expect(clippy::unwrap_used, reason = "everything here is a test: what does not go as it should ends it")]
#![expect(clippy::large_futures, reason = "a test's whole story is one future, and lives once")]

mod accounts;
mod archive;
mod batches;
mod consent;
mod cost;
mod digests;
mod figures;
mod inbound;
mod logs;
mod receipts;
mod reminders;
mod sending;
