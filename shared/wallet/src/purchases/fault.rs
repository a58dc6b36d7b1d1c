//! What can go wrong with purchases.

use kernel::{Detail, Fault, Kind, PurchaseId};
use table::{TableFault, WriteFault};

use super::PaymentFault;
use crate::WalletFault;

/// Why a purchase was not made, credited or given back.
#[derive(Debug, thiserror::Error)]
pub enum PurchaseFault {
    /// There is no such package.
    #[error("there is no such package")]
    NoPackage,
    /// It is sold no more, or not yet.
    #[error("the package is not on sale")]
    Closed,
    /// It is of a unit that the clinic is not billed in.
    #[error("the package is not of the unit the clinic is billed in")]
    OtherUnit,
    /// Absent, or another clinic's.
    #[error("there is no purchase {0}")]
    NotFound(PurchaseId),
    /// The purchase was begun with another package.
    #[error("purchase {0} is of another package")]
    Different(PurchaseId),
    /// The provider speaks of another payment, or of other money than the purchase does.
    #[error("the payment is not that of purchase {0}")]
    PaymentDiffers(PurchaseId),
    /// It is not in a state for that.
    #[error("purchase {id} is {state}")]
    State {
        /// Which purchase.
        id: PurchaseId,
        /// Its state.
        state: &'static str,
    },
    /// More than is left of it.
    #[error("more than is left of purchase {0}")]
    TooMuch(PurchaseId),
    /// Somebody else changed it meanwhile.
    #[error("purchase {0} was changed meanwhile")]
    Stale(PurchaseId),
    /// The payment provider.
    #[error(transparent)]
    Payment(#[from] PaymentFault),
    /// The ledger.
    #[error(transparent)]
    Wallet(#[from] WalletFault),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for PurchaseFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for PurchaseFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NoPackage | Self::OtherUnit | Self::TooMuch(_) | Self::PaymentDiffers(_) => Kind::Invalid,
            Self::NotFound(_) => Kind::NotFound,
            Self::Closed | Self::Different(_) | Self::State { .. } | Self::Stale(_) => Kind::Conflict,
            Self::Payment(PaymentFault::Away(_)) => Kind::Unavailable,
            Self::Payment(PaymentFault::Refused(_)) => Kind::Payment,
            Self::Wallet(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoPackage => "package_unknown",
            Self::Closed => "package_closed",
            Self::OtherUnit => "package_of_other_unit",
            Self::NotFound(_) => "purchase_not_found",
            Self::Different(_) => "purchase_differs",
            Self::PaymentDiffers(_) => "payment_differs",
            Self::State { .. } => "purchase_state",
            Self::TooMuch(_) => "purchase_exceeded",
            Self::Stale(_) => "version_is_stale",
            Self::Payment(PaymentFault::Away(_)) => "payment_unavailable",
            Self::Payment(PaymentFault::Refused(_)) => "payment_refused",
            Self::Wallet(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NoPackage | Self::Closed => {
                vec![Detail::new("/package", "give a package that is on sale")]
            }
            Self::OtherUnit => {
                vec![Detail::new("/package", "give a package of the unit the clinic is billed in")]
            }
            Self::TooMuch(_) => vec![Detail::new("/amount", "give what is left of the purchase, or less")],
            Self::Wallet(fault) => fault.details(),
            Self::Write(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}
