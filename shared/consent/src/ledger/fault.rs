//! What can go wrong when consent is written.

use kernel::{Detail, Fault, Kind};
use table::{TableFault, WriteFault};

/// Why an operation on consent was not done.
#[derive(Debug, thiserror::Error)]
pub enum ConsentFault {
    /// The reader ended messages; only the reader can begin them again.
    #[error("the address was ended by its reader")]
    OnlyTheReader,
    /// There is nothing to release.
    #[error("nothing of the kind is in force at the address")]
    NotInForce,
    /// What was asked for cannot be.
    #[error("{says}")]
    Invalid {
        /// JSON pointer of the field.
        at: &'static str,
        /// What is wrong, without personal data.
        says: &'static str,
    },
    /// The evidence is later than now.
    #[error("the evidence is of a time to come")]
    FromTheFuture,
    /// Somebody else has changed it meanwhile.
    #[error("the version is stale")]
    Stale,
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] TableFault),
    /// The table could not be written.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl Fault for ConsentFault {
    fn kind(&self) -> Kind {
        match self {
            Self::OnlyTheReader | Self::NotInForce | Self::Stale => Kind::Conflict,
            Self::Invalid { .. } | Self::FromTheFuture => Kind::Invalid,
            Self::Read(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OnlyTheReader => "needs_new_opt_in",
            Self::NotInForce => "not_suppressed",
            Self::Invalid { .. } => "consent_invalid",
            Self::FromTheFuture => "evidence_in_future",
            Self::Stale => "version_is_stale",
            Self::Read(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Invalid { at, says } => vec![Detail::new(*at, *says)],
            Self::FromTheFuture => vec![Detail::new("/evidence/at", "evidence is of now or before")],
            Self::Read(fault) => fault.details(),
            Self::Write(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}
