//! Whether a message may be sent at all, before anybody asks what it costs.

use kernel::{Detail, Fault, Kind, LocationId};
use table::{ClinicTable, TableFault};

use super::{ServiceState, activation};
use crate::{Notification, Place, Terms};

/// Why a location may not send.
#[derive(Debug, thiserror::Error)]
pub enum ServiceFault {
    /// Messaging is not activated there.
    #[error("location {location} is {}", .state.map_or("not activated", ServiceState::name))]
    NotActive {
        /// The location.
        location: LocationId,
        /// How far its application is; absent if there is none.
        state: Option<ServiceState>,
    },
    /// It was activated for another place than it was bought for.
    #[error("location {0} was bought for another place")]
    LocationMismatch(LocationId),
    /// The clinic has switched this kind of message off.
    #[error("{} messages are switched off", .0.name())]
    SwitchedOff(Notification),
    /// The table.
    #[error(transparent)]
    Read(#[from] TableFault),
}

impl Fault for ServiceFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NotActive { .. } | Self::SwitchedOff(_) => Kind::Conflict,
            Self::LocationMismatch(_) => Kind::Invalid,
            Self::Read(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotActive { .. } => "service_not_active",
            Self::LocationMismatch(_) => "location_mismatch",
            Self::SwitchedOff(_) => "notification_switched_off",
            Self::Read(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Read(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}

/// Whether a location may send messages of a kind now. Gives back the approved sender name and the place whose
/// prices hold, for a location that pays by the message; a clinic with a flat price or a cap needs no activation.
pub async fn may_send(
    table: &ClinicTable,
    terms: &Terms,
    location: LocationId,
    notification: Notification,
) -> Result<Option<(String, Place)>, ServiceFault> {
    if !terms.settings.sends(notification) {
        return Err(ServiceFault::SwitchedOff(notification));
    }
    if !terms.policy(table.clock().now()).is_paid() {
        return Ok(None);
    }
    let kept = activation(table, location).await?;
    let Some(kept) = kept.as_ref().filter(|kept| kept.state == ServiceState::Active) else {
        return Err(ServiceFault::NotActive { location, state: kept.map(|kept| kept.state) });
    };
    let place = &kept.application.place;
    if terms.settings.bought.get(&location) != Some(place) {
        return Err(ServiceFault::LocationMismatch(location));
    }
    Ok(Some((kept.application.sender_name.clone(), place.clone())))
}
