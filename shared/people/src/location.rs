//! Places of a clinic where visits happen: their zone, hours and holidays.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time, Weekday};
use kernel::{LocationId, Phone, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use table::{Entity, keys::LocationKey};

use crate::origin::Origin;

/// A stretch of a day, from its first minute to the minute it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// When it opens.
    pub from: Time,
    /// When it closes; later than `from`.
    pub to: Time,
}

/// When a place is open: for each day of the week several stretches or none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hours {
    /// Monday.
    pub monday: Vec<Open>,
    /// Tuesday.
    pub tuesday: Vec<Open>,
    /// Wednesday.
    pub wednesday: Vec<Open>,
    /// Thursday.
    pub thursday: Vec<Open>,
    /// Friday.
    pub friday: Vec<Open>,
    /// Saturday.
    pub saturday: Vec<Open>,
    /// Sunday.
    pub sunday: Vec<Open>,
}

impl Hours {
    /// Monday to Friday, the same stretch.
    pub fn weekdays(from: Time, to: Time) -> Self {
        let day = vec![Open { from, to }];
        Self {
            monday: day.clone(),
            tuesday: day.clone(),
            wednesday: day.clone(),
            thursday: day.clone(),
            friday: day,
            ..Self::default()
        }
    }

    /// The stretches of a day of the week.
    pub fn on(&self, day: Weekday) -> &[Open] {
        match day {
            Weekday::Monday => &self.monday,
            Weekday::Tuesday => &self.tuesday,
            Weekday::Wednesday => &self.wednesday,
            Weekday::Thursday => &self.thursday,
            Weekday::Friday => &self.friday,
            Weekday::Saturday => &self.saturday,
            Weekday::Sunday => &self.sunday,
        }
    }

    /// Whether each stretch ends after it begins and no two of a day meet.
    pub fn are_sound(&self) -> bool {
        let days = [
            &self.monday,
            &self.tuesday,
            &self.wednesday,
            &self.thursday,
            &self.friday,
            &self.saturday,
            &self.sunday,
        ];
        days.iter().all(|day| {
            day.iter().all(|open| open.from < open.to) && day.windows(2).all(|two| two[0].to <= two[1].from)
        })
    }
}

/// Where a place is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Street and number.
    pub street: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State or territory, two letters in the United States.
    pub state: Option<String>,
    /// Postal code.
    pub postal: Option<String>,
}

/// The longest office number, in characters: what a text message has room for.
pub const LONGEST_OFFICE: usize = 5;

/// A place of a clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The id, derived from the origin.
    pub id: LocationId,
    /// Its name.
    pub name: String,
    /// The zone its clocks show.
    pub zone: Zone,
    /// The room or office, at most 5 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_number: Option<String>,
    /// The number patients call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Where it is.
    #[serde(default)]
    pub address: Address,
    /// When it is open.
    #[serde(default)]
    pub hours: Hours,
    /// Days on which it is closed all day, with their name.
    #[serde(default)]
    pub holidays: BTreeMap<Date, String>,
    /// Deleted at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Location {
    /// The stretches in which it is open on a date.
    pub fn open_on(&self, date: Date) -> &[Open] {
        if self.holidays.contains_key(&date) { &[] } else { self.hours.on(date.weekday()) }
    }

    /// Whether it is open when its clocks show this.
    pub fn is_open(&self, wall: DateTime) -> bool {
        self.open_on(wall.date()).iter().any(|open| (open.from..open.to).contains(&wall.time()))
    }
}

impl Entity for Location {
    type Key = LocationKey;
    fn key(&self) -> LocationKey {
        LocationKey { location: self.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_open_within_its_hours_and_not_on_holidays() {
        let at = |text: &str| text.parse::<DateTime>().unwrap();
        let mut hours = Hours::weekdays("08:00".parse().unwrap(), "12:00".parse().unwrap());
        hours.monday.push(Open { from: "13:00".parse().unwrap(), to: "17:30".parse().unwrap() });
        assert!(hours.are_sound());
        let origin = Origin::new("pms", "1", None, Timestamp::UNIX_EPOCH);
        let place = Location {
            id: LocationId::FIRST,
            name: "Main".into(),
            zone: "America/New_York".parse().unwrap(),
            office_number: None,
            phone: None,
            address: Address::default(),
            hours,
            holidays: [("2026-11-26".parse().unwrap(), "Thanksgiving".into())].into(),
            deleted_at: None,
            origin,
        };
        for (wall, open) in [
            ("2026-11-23T08:00", true),
            ("2026-11-23T12:00", false),
            ("2026-11-23T17:29", true),
            ("2026-11-26T09:00", false),
            ("2026-11-22T09:00", false),
        ] {
            assert_eq!(place.is_open(at(wall)), open, "{wall}");
        }
    }

    #[test]
    fn hours_that_cross_are_not_sound() {
        let open = |from: &str, to: &str| Open { from: from.parse().unwrap(), to: to.parse().unwrap() };
        let day = |monday| Hours { monday, ..Hours::default() }.are_sound();
        assert!(!day(vec![open("09:00", "09:00")]));
        assert!(!day(vec![open("09:00", "12:00"), open("11:00", "13:00")]));
    }
}
