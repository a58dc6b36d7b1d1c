//! The callbacks and links through the whole router, on a database in memory.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail as it does")]

mod gateway;
mod own;
mod recorded;
mod replies;
mod statuses;
mod strangers;
mod unsubscribe;
mod visits;
mod world;
