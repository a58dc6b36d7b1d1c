//! What can go wrong when something is booked.

use kernel::{Detail, Fault, Kind};
use table::{TableFault, WriteFault};

use crate::{NoRate, Unit};

/// Why something was not booked.
#[derive(Debug, thiserror::Error)]
pub enum WalletFault {
    /// Others kept booking; the same will work later.
    #[error("the ledger in {0} is being written by others")]
    Busy(Unit),
    /// There is not enough.
    #[error("the balance in {0} is not enough")]
    Insufficient(Unit),
    /// The ledger has no such page, or it says something else: a defect of ours.
    #[error("page {page} of the ledger in {unit} is not what it should be")]
    StrangePage {
        /// Of which ledger.
        unit: Unit,
        /// Which page.
        page: u64,
    },
    /// More than a page holds.
    #[error("{0} messages are too many for one reservation")]
    TooMany(usize),
    /// Nothing is sold there.
    #[error(transparent)]
    NoRate(#[from] NoRate),
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] TableFault),
    /// The write did not happen.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl Fault for WalletFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Busy(_) => Kind::Unavailable,
            Self::Insufficient(_) => Kind::Payment,
            Self::StrangePage { .. } | Self::TooMany(_) => Kind::Broken,
            Self::NoRate(fault) => fault.kind(),
            Self::Read(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Busy(_) => "ledger_busy",
            Self::Insufficient(_) => "insufficient_balance",
            Self::StrangePage { .. } => "ledger_defect",
            Self::TooMany(_) => "reservation_too_large",
            Self::NoRate(fault) => fault.code(),
            Self::Read(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Read(fault) => fault.details(),
            Self::Write(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}
