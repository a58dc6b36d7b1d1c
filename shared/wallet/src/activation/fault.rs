//! What can go wrong with applications.

use kernel::{Detail, Fault, Kind, LocationId};
use table::{TableFault, WriteFault};

use super::ServiceState;

/// Why an application was not filed or decided.
#[derive(Debug, thiserror::Error)]
pub enum ActivationFault {
    /// The location has filed none.
    #[error("location {0} has not applied")]
    NotFound(LocationId),
    /// Somebody else changed it since it was read.
    #[error("the application of {id} has version {version} by now")]
    Stale {
        /// The location.
        id: LocationId,
        /// The revision; 0 if there is none.
        version: u64,
    },
    /// Not in this state.
    #[error("the application of {id} is {}", .state.name())]
    State {
        /// The location.
        id: LocationId,
        /// Its state.
        state: ServiceState,
    },
    /// The place is not the one the product was bought for.
    #[error("location {0} was bought for another place")]
    LocationMismatch(LocationId),
    /// Fields cannot be as they are.
    #[error("{} fields of the application cannot be", .0.len())]
    Invalid(Vec<Detail>),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for ActivationFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for ActivationFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Stale { .. } | Self::State { .. } => Kind::Conflict,
            Self::LocationMismatch(_) | Self::Invalid(_) => Kind::Invalid,
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "activation_not_found",
            Self::Stale { .. } => "version_is_stale",
            Self::State { .. } => "activation_state",
            Self::LocationMismatch(_) => "location_mismatch",
            Self::Invalid(_) => "activation_invalid",
            Self::Write(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::LocationMismatch(_) => {
                vec![Detail::new("/place", "give the place that the product was bought for")]
            }
            Self::Invalid(details) => details.clone(),
            Self::Write(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}
