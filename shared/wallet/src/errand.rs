//! What the wallet leaves in the outbox: news for others and things to come back to.

use kernel::{ClinicId, Job, Lane, LocationId, PurchaseId};
use serde::{Deserialize, Serialize};

use crate::Unit;

/// Something that happened to a balance, for those who act on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    /// What is available fell below the warning; told once until it is above again.
    Low {
        /// In which unit.
        unit: Unit,
        /// What is available.
        available: i64,
        /// The warning.
        low_at: i64,
    },
    /// A message was refused for want of balance; told once until something comes in.
    Empty {
        /// In which unit.
        unit: Unit,
        /// What is available.
        available: i64,
    },
    /// Something came in after messages were refused: those that wait can be tried again.
    Restored {
        /// In which unit.
        unit: Unit,
        /// What is available.
        available: i64,
    },
    /// The clinic wants this package bought now.
    TopUpWanted {
        /// In which unit.
        unit: Unit,
        /// The package.
        package: String,
        /// The page whose balance was too low: the same page is the same wish.
        page: u64,
    },
    /// An application is not decided although its time is over; for the staff of the platform.
    ReviewOverdue {
        /// The location.
        location: LocationId,
    },
}

impl News {
    /// The name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Low { .. } => "low",
            Self::Empty { .. } => "empty",
            Self::Restored { .. } => "restored",
            Self::TopUpWanted { .. } => "top_up_wanted",
            Self::ReviewOverdue { .. } => "review_overdue",
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Task {
    /// Tell whoever acts on it.
    Tell {
        /// What.
        news: News,
    },
    /// Settle what nobody works on any more.
    Settle {
        /// In which ledger.
        unit: Unit,
    },
    /// See whether something that came in once is left over.
    Expire {
        /// In which ledger.
        unit: Unit,
        /// The page of what came in.
        page: u64,
    },
    /// Credit a purchase that is paid.
    Credit {
        /// Which one.
        purchase: PurchaseId,
    },
    /// See whether an application has been decided.
    Review {
        /// Of which location.
        location: LocationId,
        /// Which of its submissions.
        round: u32,
    },
}

/// Work of the wallet that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletErrand {
    /// Whose.
    pub clinic: ClinicId,
    /// What.
    pub task: Task,
}

impl Job for WalletErrand {
    const TYPE: &'static str = "wallet_errand.1";
    const LANE: Lane = Lane::Reminders;
}
