//! What holds for a clinic when its messages are priced and paid: read once for a batch of messages.

use kernel::{Fault, Kind, Timestamp, Zone};
use people::Clinic;
use table::{ClinicTable, TableFault};

use crate::{Cell, Direction, Measure, Place, Policy, Unit, WalletSettings, rate_at, rates::Wanted};

/// A clinic's settings about money and the zone its days are counted in. May be kept for some seconds: a change
/// of them holds from the next reading on, while what a balance allows is always asked of the ledger itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The settings.
    pub settings: WalletSettings,
    /// The zone of the clinic's calendar.
    pub zone: Zone,
}

/// What one message costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// In minor units of the policy's unit.
    pub amount: i64,
    /// How many times the rate was taken.
    pub units: u32,
}

/// Nothing is sold for this place and channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no price in {unit} for {channel} from {place}")]
pub struct NoRate {
    /// Counted in what.
    pub unit: Unit,
    /// On which channel.
    pub channel: &'static str,
    /// From where.
    pub place: String,
}

impl Fault for NoRate {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
    fn code(&self) -> &'static str {
        "rate_missing"
    }
}

impl Terms {
    /// As they are now.
    pub async fn read(table: &ClinicTable) -> Result<Self, TableFault> {
        let (_, settings) = WalletSettings::read(table).await?;
        let zone = Clinic::read(table).await?.map_or_else(Zone::utc, |clinic| clinic.zone.clone());
        Ok(Self { settings, zone })
    }

    /// The policy that holds at an instant.
    pub fn policy(&self, at: Timestamp) -> Policy {
        self.settings.policy(at)
    }

    /// What a message costs that is sent at this instant. The instant is that of sending: a price that was seen
    /// earlier binds nobody. Messages that come in cost nothing unless a rate says so.
    pub fn price(
        &self,
        place: &Place,
        cell: Cell,
        direction: Direction,
        measure: &Measure,
        at: Timestamp,
    ) -> Result<Price, NoRate> {
        let policy = self.policy(at);
        let unit = policy.unit();
        match (policy, direction) {
            (Policy::Flat, _) => return Ok(Price { amount: 0, units: measure.segments.max(1) }),
            (Policy::CapOnly { .. }, Direction::Out) => {
                return Ok(Price { amount: 1, units: measure.segments.max(1) });
            }
            _ => {}
        }
        let wanted = Wanted { unit, place, channel: cell.channel, direction };
        match rate_at(&self.settings.rates, &wanted, at) {
            Some(rate) => {
                let units = rate.per.units(measure);
                Ok(Price { amount: rate.price.saturating_mul(units.into()), units })
            }
            None if direction == Direction::In => Ok(Price { amount: 0, units: measure.segments.max(1) }),
            None => Err(NoRate { unit, channel: cell.channel.name(), place: place.as_str().to_owned() }),
        }
    }
}
