//! Messages in both directions: what they are, how far they are, how they are sent at most once, and how
//! answers find their way back.
//!
//! The one way to a provider is [`Sender::run`]; what goes through it has been cleared by the send gate of
//! `consent`, directly before the call.

mod attempt;
mod message;
mod plan;
mod status;

pub use attempt::{Attempt, AttemptError, AttemptStatus};
pub use message::{About, Asks, Body, Draft, Message, Route, SendRequested, Snapshot, Source};
pub use plan::{plan, take_back};
pub use status::{Direction, Ended, Status};
