//! What can go wrong with the table.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use kernel::{Detail, Fault, Kind};

/// A read, or a write for a reason that is not the caller's.
#[derive(Debug, thiserror::Error)]
pub enum TableFault {
    /// The database did not answer, or asks for patience.
    #[error("the database is not available for {operation} ({reason})")]
    Away {
        /// The call that failed.
        operation: &'static str,
        /// The database's error code, or the kind of transport failure.
        reason: String,
    },
    /// The database refuses the call as such: a defect of ours.
    #[error("the database refuses {operation} ({reason})")]
    Refused {
        /// The call that failed.
        operation: &'static str,
        /// The database's error code.
        reason: String,
    },
    /// An item is not what its key says, or newer than this program.
    #[error("an item of kind {kind} cannot be read")]
    Unreadable {
        /// What it should have been.
        kind: &'static str,
    },
    /// An entity cannot be written down: a defect of ours.
    #[error("an entity of kind {kind} cannot be written")]
    Unwritable {
        /// What it is.
        kind: &'static str,
    },
    /// A cursor from another list or another clinic, or whose row is gone.
    #[error("the cursor does not belong to this list")]
    StrangeCursor,
}

impl Fault for TableFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Away { .. } => Kind::Unavailable,
            Self::StrangeCursor => Kind::Malformed,
            _ => Kind::Broken,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Away { .. } => "storage_unavailable",
            Self::StrangeCursor => "cursor_invalid",
            _ => "storage_defect",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::StrangeCursor => vec![Detail::new("cursor", "start again without a cursor")],
            _ => Vec::new(),
        }
    }
}

impl TableFault {
    pub(crate) fn of<E, R>(operation: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        match error {
            SdkError::ServiceError(service) => {
                let reason = service.err().code().unwrap_or("unknown").to_owned();
                let refused = matches!(
                    reason.as_str(),
                    "ValidationException" | "ResourceNotFoundException" | "AccessDeniedException"
                );
                if refused { Self::Refused { operation, reason } } else { Self::Away { operation, reason } }
            }
            SdkError::TimeoutError(_) => Self::Away { operation, reason: "timeout".to_owned() },
            SdkError::DispatchFailure(_) => Self::Away { operation, reason: "no connection".to_owned() },
            SdkError::ConstructionFailure(_) => {
                Self::Refused { operation, reason: "construction".to_owned() }
            }
            _ => Self::Away { operation, reason: "no answer".to_owned() },
        }
    }
}

/// A write that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// What was expected of an item no longer holds: it exists already, it is gone, or its revision moved on.
    #[error("{kind} was changed by somebody else")]
    Conflict {
        /// Which of the acts of the transaction, counted from 0.
        act: usize,
        /// The kind of the item.
        kind: &'static str,
    },
    /// Others kept writing the same items; trying later will work.
    #[error("the items are being written by others")]
    Contended,
    /// More than 100 items or 4 MB in one transaction: a defect of ours.
    #[error("{items} items are too many for one transaction")]
    TooMany {
        /// How many there were.
        items: usize,
    },
    /// The table itself.
    #[error(transparent)]
    Table(#[from] TableFault),
}

impl WriteFault {
    /// Whether a condition of the writer did not hold.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

impl Fault for WriteFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Conflict { .. } => Kind::Conflict,
            Self::Contended => Kind::Unavailable,
            Self::TooMany { .. } => Kind::Broken,
            Self::Table(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "changed_meanwhile",
            Self::Contended => "storage_busy",
            Self::TooMany { .. } => "storage_defect",
            Self::Table(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Table(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}
