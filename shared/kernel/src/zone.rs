//! Time zones by their IANA name, and local clocks resolved in them.

use std::{fmt, str::FromStr};

use jiff::{civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::Timestamp;

/// An IANA time zone, such as `America/New_York`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// The name is not in the time-zone database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone of the IANA database, such as America/New_York")]
pub struct NotAZone;

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What the clock on the wall shows at an instant.
    pub fn wall(&self, at: Timestamp) -> civil::DateTime {
        self.0.to_datetime(at)
    }

    /// The instant at which the clock on the wall shows `wall`. An hour that a change to summer time skips is
    /// read as the hour after it; of an hour that comes twice the first is meant.
    pub fn instant(&self, wall: civil::DateTime) -> Timestamp {
        // `compatible` is this rule: gap → forward, fold → first (RFC 5545 §3.3.5 reads times the same way).
        self.0.to_ambiguous_timestamp(wall).compatible().unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = NotAZone;
    fn from_str(name: &str) -> Result<Self, NotAZone> {
        if name == "UTC" {
            return Ok(Self::utc());
        }
        TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some()).map(Self).ok_or(NotAZone)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Z-10
    #[test]
    fn gaps_go_forward_and_folds_take_the_first() {
        let zone: Zone = "America/New_York".parse().unwrap();
        let at = |wall: &str| zone.instant(wall.parse().unwrap()).to_string();
        assert_eq!(at("2026-03-08T02:30"), "2026-03-08T07:30:00Z");
        assert_eq!(at("2026-11-01T01:30"), "2026-11-01T05:30:00Z");
        assert_eq!("Mars/Olympus".parse::<Zone>(), Err(NotAZone));
    }
}
