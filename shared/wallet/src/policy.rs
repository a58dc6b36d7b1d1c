//! How a clinic is billed, and since when.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Currency, Unit};

/// How a clinic is billed. Messages are counted the same way under each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Policy {
    /// A prepaid balance in money; each message takes the price of its place and channel.
    Money {
        /// The currency.
        currency: Currency,
    },
    /// A prepaid balance in credits.
    Credits,
    /// One price for everything: messages are counted and cost nothing.
    Flat,
    /// So many messages in a month of the clinic's calendar.
    CapOnly {
        /// How many.
        monthly: u32,
    },
}

impl Policy {
    /// What its balance is counted in.
    pub fn unit(self) -> Unit {
        match self {
            Self::Money { currency } => Unit::Money(currency),
            Self::Credits => Unit::Credits,
            Self::Flat | Self::CapOnly { .. } => Unit::Messages,
        }
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Money { .. } => "MONEY",
            Self::Credits => "CREDITS",
            Self::Flat => "FLAT",
            Self::CapOnly { .. } => "CAP_ONLY",
        }
    }

    /// Whether a message under it is paid for one by one, and so needs an activated location.
    pub fn is_paid(self) -> bool {
        matches!(self, Self::Money { .. } | Self::Credits)
    }
}

/// A policy from an instant on, until the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dated {
    /// From when.
    pub from: Timestamp,
    /// The policy.
    pub policy: Policy,
}

/// The policy that holds at an instant; flat before the first.
pub(crate) fn policy_at(policies: &[Dated], at: Timestamp) -> Policy {
    let held = policies.iter().filter(|dated| dated.from <= at).max_by_key(|dated| dated.from);
    held.map_or(Policy::Flat, |dated| dated.policy)
}
