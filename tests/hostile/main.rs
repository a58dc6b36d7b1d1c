//! What somebody might try who means harm, or who is careless: nothing of it is let in, shown or broken.
//!
//! Each file proves one claim with a number of tries that fits a run of the tests; `HOSTILE_TIMES` multiplies the
//! tries, as `scripts/bench --long` does. `scripts/hostile` tries the served API from outside.
#![expect(clippy::unwrap_used, reason = "everything here is a test: what does not go as it should ends it")]

mod bodies;
mod canary;
mod chain;
mod dice;
mod fuzz;
mod injection;
mod tenants;
mod tokens;
mod webhooks;
mod zones;
