//! What is planned for a visit.

mod clocks;
mod kept;
mod planner;
mod reason;

pub use clocks::Clocks;
pub use kept::{Plan, Step, StepState};
pub use planner::{Cause, InForce, MOST_MESSAGES, Outcome, Owed, Wanted, plan};
pub use reason::{Reason, Why};
