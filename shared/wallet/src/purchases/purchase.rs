//! A purchase.

use std::collections::BTreeMap;

use audit::Who;
use kernel::{PurchaseId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{
    Entity,
    keys::{Place, PurchaseKey, PurchasesByTime},
};

use crate::{Currency, Unit};

/// How far a purchase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Written down.
    Created,
    /// The provider has begun with it.
    Pending,
    /// The money is there.
    Paid,
    /// What was bought is in the balance.
    Credited,
    /// The money did not come. It may still.
    Failed,
    /// All of it was paid back.
    Refunded,
}

impl State {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Pending => "PENDING",
            Self::Paid => "PAID",
            Self::Credited => "CREDITED",
            Self::Failed => "FAILED",
            Self::Refunded => "REFUNDED",
        }
    }
}

/// Money on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayOut {
    /// The provider does the same key once.
    pub key: String,
    /// How much, in minor units of the purchase's currency.
    pub money: i64,
}

/// A purchase: who bought what, when, for how much, and how it was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The id.
    pub id: PurchaseId,
    /// The package.
    pub package: String,
    /// What was bought.
    pub unit: Unit,
    /// How much of it.
    pub amount: i64,
    /// What it costs, in minor units.
    pub price: i64,
    /// In which currency.
    pub currency: Currency,
    /// How far it is.
    pub state: State,
    /// When it came into each state.
    pub times: BTreeMap<State, Timestamp>,
    /// Who bought it.
    pub by: Who,
    /// When it was begun.
    pub at: Timestamp,
    /// What the payment provider calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where the buyer goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Why the money did not come, in the provider's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How much of what was bought was given back.
    #[serde(default)]
    pub returned: i64,
    /// How much money was paid back or is on its way.
    #[serde(default)]
    pub paid_back: i64,
    /// Money on its way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paying_out: Option<PayOut>,
}

impl Purchase {
    /// In another state.
    #[must_use]
    pub(super) fn moved(mut self, to: State, now: Timestamp) -> Self {
        self.state = to;
        self.times.entry(to).or_insert(now);
        self
    }
}

impl Entity for Purchase {
    type Key = PurchaseKey;
    fn key(&self) -> PurchaseKey {
        PurchaseKey { purchase: self.id }
    }
    fn listed(&self) -> Option<Place> {
        Some(PurchasesByTime { at: self.at, purchase: self.id }.into())
    }
}
