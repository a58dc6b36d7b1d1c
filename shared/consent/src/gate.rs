//! The send gate: the one place that decides whether a message may go out, when and over which channel.
//!
//! [`decide`] is pure: whoever asks brings the facts, and the decision names every rule it looked at. Only
//! [`Cleared`] things may be handed to a carrier, and only a fresh decision that allows can clear them.

mod cleared;
mod decide;
mod decision;
mod inputs;
mod reason;

pub use cleared::Cleared;
pub use decide::decide;
pub use decision::{GateDecision, Outcome, RuleHit, Verdict};
pub(crate) use inputs::monday;
pub use inputs::{Candidate, Counters, Inputs, Origin, PersonFacts, Purpose, Reader, Route};
pub use reason::Reason;

#[cfg(test)]
mod tests;
