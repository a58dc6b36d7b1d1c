//! Entries of the ledger: each moves an amount from one account to another.

use kernel::{MessageId, PurchaseId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Booked, Lines, lines::packed};

/// Where amounts lie. A clinic sees what is available and what is held; together they are its balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Account {
    /// The world that pays, is paid back and corrects.
    Outside,
    /// What can be spent.
    Available,
    /// What is reserved.
    Held,
    /// What messages have cost.
    Spent,
    /// What ran out.
    Expired,
}

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// Something came in.
    Topup,
    /// Set aside for messages.
    Reserve,
    /// Spent on messages.
    Debit,
    /// Set aside and not needed.
    Release,
    /// Given back.
    Refund,
    /// Corrected by hand.
    Adjust,
    /// Ran out.
    Expire,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Entry {
    /// A purchase, or the allowance of a month.
    Topup {
        /// How much.
        amount: i64,
        /// Which purchase.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        purchase: Option<PurchaseId>,
        /// The month, for an allowance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        month: Option<String>,
        /// When what is left of it runs out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends: Option<Timestamp>,
    },
    /// Set aside for a batch of messages or a blast.
    Reserve {
        /// How much.
        amount: i64,
        /// Under which policy; what is booked of it later keeps it.
        policy: String,
        /// What the reserver calls it.
        mark: String,
        /// For what.
        lines: Lines,
    },
    /// What was spent of a reservation.
    Debit {
        /// How much.
        amount: i64,
        /// The page of the reservation.
        of: u64,
        /// On what.
        #[serde(with = "packed")]
        lines: Vec<Booked>,
    },
    /// Spent without a reservation: a message that came in.
    #[serde(rename = "DEBIT_IN")]
    DebitIn {
        /// How much.
        amount: i64,
        /// Which message.
        message: MessageId,
        /// What it was.
        #[serde(with = "packed")]
        lines: Vec<Booked>,
    },
    /// What was not needed of a reservation.
    Release {
        /// How much.
        amount: i64,
        /// The page of the reservation.
        of: u64,
    },
    /// Given back for a message that was booked and turned out never to have left.
    #[serde(rename = "REFUND")]
    Refund {
        /// How much.
        amount: i64,
        /// The page of its reservation.
        of: u64,
        /// What is taken back of what was booked.
        #[serde(with = "packed")]
        lines: Vec<Booked>,
    },
    /// A purchase that was paid back.
    #[serde(rename = "REFUND_PURCHASE")]
    RefundPurchase {
        /// How much.
        amount: i64,
        /// Which purchase.
        purchase: PurchaseId,
    },
    /// A correction by hand, up or down.
    Adjust {
        /// How much.
        amount: i64,
        /// Who made it.
        by: String,
        /// Why, in a word of the platform's.
        reason: String,
    },
    /// What ran out.
    Expire {
        /// How much.
        amount: i64,
        /// The page of what came in once; absent for an allowance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<u64>,
    },
}

impl Entry {
    /// Its kind.
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Topup { .. } => EntryKind::Topup,
            Self::Reserve { .. } => EntryKind::Reserve,
            Self::Debit { .. } | Self::DebitIn { .. } => EntryKind::Debit,
            Self::Release { .. } => EntryKind::Release,
            Self::Refund { .. } | Self::RefundPurchase { .. } => EntryKind::Refund,
            Self::Adjust { .. } => EntryKind::Adjust,
            Self::Expire { .. } => EntryKind::Expire,
        }
    }

    /// What it moves, from where, to where. A correction downwards moves a negative amount.
    pub fn moves(&self) -> (i64, Account, Account) {
        use Account::{Available, Expired, Held, Outside, Spent};
        match self {
            Self::Topup { amount, .. } | Self::Adjust { amount, .. } => (*amount, Outside, Available),
            Self::Reserve { amount, .. } => (*amount, Available, Held),
            Self::Debit { amount, .. } => (*amount, Held, Spent),
            Self::DebitIn { amount, .. } => (*amount, Available, Spent),
            Self::Release { amount, .. } => (*amount, Held, Available),
            Self::Refund { amount, .. } => (*amount, Spent, Available),
            Self::RefundPurchase { amount, .. } => (*amount, Available, Outside),
            Self::Expire { amount, .. } => (*amount, Available, Expired),
        }
    }

    /// What it does to an account.
    pub fn effect(&self, on: Account) -> i64 {
        let (amount, from, to) = self.moves();
        let mut effect = 0;
        if to == on {
            effect += amount;
        }
        if from == on {
            effect -= amount;
        }
        effect
    }

    /// What it does to the balance: reservations do nothing.
    pub fn on_balance(&self) -> i64 {
        self.effect(Account::Available) + self.effect(Account::Held)
    }
}
