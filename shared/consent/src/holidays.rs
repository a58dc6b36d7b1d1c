//! Federal holidays of the United States, computed from the rules in `data/holidays.json`.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

use crate::{
    hours::Day,
    rules::{Validity, read},
};

#[derive(Deserialize)]
struct Holiday {
    #[serde(flatten)]
    rule: Rule,
    #[serde(flatten)]
    validity: Validity,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rule {
    /// Month and day; kept on Friday if it is a Saturday, on Monday if it is a Sunday (5 U.S.C. 6103(b),
    /// Executive Order 11582).
    Fixed(i8, i8),
    /// Month, weekday and which of them, -1 for the last.
    Nth(i8, Day, i8),
}

#[derive(Deserialize)]
struct Holidays {
    federal: Vec<Holiday>,
}

static HOLIDAYS: LazyLock<Holidays> = LazyLock::new(|| read(include_str!("../data/holidays.json")));

impl Rule {
    fn on(&self, year: i16) -> Option<Date> {
        match *self {
            Self::Fixed(month, day) => Date::new(year, month, day).ok(),
            Self::Nth(month, day, nth) => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, day.into()).ok()
            }
        }
    }

    fn observed(&self, year: i16) -> Option<Date> {
        let day = self.on(year)?;
        match (self, day.weekday()) {
            (Self::Fixed(..), Weekday::Saturday) => day.yesterday().ok(),
            (Self::Fixed(..), Weekday::Sunday) => day.tomorrow().ok(),
            _ => Some(day),
        }
    }
}

/// Whether a day is a federal holiday or the day one is observed on.
pub fn is_federal_holiday(day: Date) -> bool {
    // The first of January of next year may be observed on the last day of this one.
    let years = [day.year(), day.year().saturating_add(1)];
    HOLIDAYS.federal.iter().filter(|holiday| holiday.validity.holds(day)).any(|holiday| {
        years
            .iter()
            .any(|year| holiday.rule.on(*year) == Some(day) || holiday.rule.observed(*year) == Some(day))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// D-12
    #[rstest]
    #[case("2026-01-19", true)]
    #[case("2026-07-03", true)]
    #[case("2026-07-04", true)]
    #[case("2026-07-06", false)]
    #[case("2026-11-26", true)]
    #[case("2026-11-27", false)]
    #[case("2026-05-25", true)]
    #[case("2026-06-19", true)]
    #[case("2020-06-19", false)]
    #[case("2027-12-31", true)]
    #[case("2028-01-01", true)]
    #[case("2026-12-25", true)]
    #[case("2026-10-12", true)]
    fn holidays_and_their_observed_days_are_known(#[case] day: &str, #[case] holiday: bool) {
        assert_eq!(is_federal_holiday(day.parse().unwrap()), holiday, "{day}");
    }
}
