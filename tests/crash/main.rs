//! Whoever dies, whatever comes twice, late or in another order: what the product promises holds.
//!
//! The functions as they are deployed and the real SDK run on the embedded database. Between each worker and the
//! outside sits a fuse: it can stop, delay, repeat, fail and turn around every call. What must hold stands in
//! `holds.rs`; `README.md` says how to break something on purpose and how to play a history again.
#![expect(clippy::unwrap_used, reason = "everything here is a test: what does not go as it should ends it")]
#![expect(clippy::large_futures, reason = "a test's whole story is one future, and lives once")]

mod cast;
mod dice;
mod history;
mod holds;
mod interleavings;
mod mistakes;
mod random;
mod receipts;
mod storm;
mod sweep;
mod table_of_mistakes;
mod world;
