//! The pass that a carrier asks for.

use super::GateDecision;

/// A thing that the gate has let through. A carrier takes nothing else, and nothing else makes one.
#[derive(Debug)]
pub struct Cleared<T> {
    decision: GateDecision,
    value: T,
}

impl<T> Cleared<T> {
    /// Clears a thing by a decision that allows it to go out now. Gives the decision back if it does not: if it
    /// refuses, shifts or swaps, if it is about a later moment, or if it was read back from where it was kept.
    pub fn by(decision: GateDecision, value: T) -> Result<Self, GateDecision> {
        let now = decision.fresh.0 && decision.allows() && decision.when <= decision.at;
        if now { Ok(Self { decision, value }) } else { Err(decision) }
    }

    /// The decision that cleared it.
    pub fn decision(&self) -> &GateDecision {
        &self.decision
    }

    /// The thing.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Both.
    pub fn into_parts(self) -> (GateDecision, T) {
        (self.decision, self.value)
    }
}
