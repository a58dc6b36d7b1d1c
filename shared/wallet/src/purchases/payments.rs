//! The port to whoever takes the money.

use futures::future::BoxFuture;
use kernel::PurchaseId;

use super::Purchase;
use crate::Currency;

/// A payment that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the payment provider calls it.
    pub reference: String,
    /// Where the buyer goes on, if anywhere.
    pub url: Option<String>,
}

/// A payment that was not begun or not given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentFault {
    /// The provider is away; asking again with the same purchase is safe.
    #[error("the payment provider is not available ({0})")]
    Away(String),
    /// The provider refuses.
    #[error("the payment provider refuses ({0})")]
    Refused(String),
}

/// Takes payments. Both calls name the purchase and can be made again: the provider gets the same idempotency
/// key and does it once.
pub trait Payments: Send + Sync {
    /// Begins the payment of a purchase.
    fn begin<'a>(&'a self, purchase: &'a Purchase) -> BoxFuture<'a, Result<Begun, PaymentFault>>;

    /// Pays back so much money of a purchase; `key` names this very pay-out.
    fn pay_back<'a>(
        &'a self,
        purchase: &'a Purchase,
        money: i64,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(), PaymentFault>>;
}

/// What a payment provider tells us later: once, twice, late, or in the wrong order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which purchase.
    pub purchase: PurchaseId,
    /// What the provider calls the payment.
    pub reference: String,
    /// What happened.
    pub kind: ToldKind,
}

/// What happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldKind {
    /// The money is there.
    Paid {
        /// How much, in minor units.
        money: i64,
        /// Of what.
        currency: Currency,
    },
    /// It is not coming, for now.
    Failed {
        /// The provider's word for why.
        code: String,
    },
}
