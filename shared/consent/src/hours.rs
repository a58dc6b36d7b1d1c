//! Hours of the week in which somebody may be written to.

use std::{fmt, str::FromStr};

use jiff::civil::{Date, DateTime, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::holidays::is_federal_holiday;

/// A minute of the day, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(u16);

/// The text is not a minute of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time of day between 00:00 and 24:00, such as 08:30")]
pub struct NotAMinute;

impl Minute {
    const DAY: u16 = 24 * 60;

    /// Midnight at the end of the day.
    pub const END: Self = Self(Self::DAY);

    /// When the clock shows it on a day; `24:00` is midnight of the next day.
    pub(crate) fn on(self, day: Date) -> Option<DateTime> {
        if self == Self::END {
            return Some(day.tomorrow().ok()?.at(0, 0, 0, 0));
        }
        // Both parts are below 60: the value is at most 23:59 here.
        let (hour, minute) = (i8::try_from(self.0 / 60).ok()?, i8::try_from(self.0 % 60).ok()?);
        Some(day.at(hour, minute, 0, 0))
    }

    fn of(wall: DateTime) -> Self {
        Self(u16::from(wall.hour().unsigned_abs()) * 60 + u16::from(wall.minute().unsigned_abs()))
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for Minute {
    type Err = NotAMinute;
    fn from_str(text: &str) -> Result<Self, NotAMinute> {
        let (hour, minute) = text.split_once(':').ok_or(NotAMinute)?;
        let number = |part: &str| {
            let fits = part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_digit());
            fits.then(|| part.parse::<u16>().ok()).flatten().ok_or(NotAMinute)
        };
        let (hour, minute) = (number(hour)?, number(minute)?);
        let all = hour * 60 + minute;
        if minute < 60 && all <= Self::DAY { Ok(Self(all)) } else { Err(NotAMinute) }
    }
}

impl Serialize for Minute {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Minute {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];
}

impl From<Day> for Weekday {
    fn from(day: Day) -> Self {
        match day {
            Day::Mon => Self::Monday,
            Day::Tue => Self::Tuesday,
            Day::Wed => Self::Wednesday,
            Day::Thu => Self::Thursday,
            Day::Fri => Self::Friday,
            Day::Sat => Self::Saturday,
            Day::Sun => Self::Sunday,
        }
    }
}

/// Some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Days(u8);

impl Days {
    /// All seven.
    pub const ALL: Self = Self(0x7f);

    /// These days.
    pub fn of(days: &[Day]) -> Self {
        Self(days.iter().fold(0, |bits, day| bits | 1 << *day as u8))
    }

    /// Whether a day is among them.
    pub fn has(self, day: Weekday) -> bool {
        self.0 & 1 << day.to_monday_zero_offset() != 0
    }

    fn list(self) -> impl Iterator<Item = Day> {
        Day::ALL.into_iter().filter(move |day| self.0 & 1 << *day as u8 != 0)
    }
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.list())
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::of(&Vec::<Day>::deserialize(d)?))
    }
}

/// From one minute to another on some days: `from` is inside, `until` is not. If `until` is the earlier one, it
/// is that of the next day; the day that counts is the one on which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WindowText")]
pub struct Window {
    from: Minute,
    until: Minute,
    days: Days,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowText {
    from: Minute,
    until: Minute,
    days: Days,
}

/// The window would hold nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a window begins before 24:00, does not end when it begins, and has at least one day")]
pub struct EmptyWindow;

impl TryFrom<WindowText> for Window {
    type Error = EmptyWindow;
    fn try_from(text: WindowText) -> Result<Self, EmptyWindow> {
        Self::new(text.from, text.until, text.days)
    }
}

impl Window {
    /// A window.
    pub fn new(from: Minute, until: Minute, days: Days) -> Result<Self, EmptyWindow> {
        let holds = from != until && from < Minute::END && days != Days(0);
        if holds { Ok(Self { from, until, days }) } else { Err(EmptyWindow) }
    }

    /// The first minute inside.
    pub fn from(&self) -> Minute {
        self.from
    }

    /// The first minute after it.
    pub fn until(&self) -> Minute {
        self.until
    }

    /// The days on which it begins.
    pub fn days(&self) -> Days {
        self.days
    }

    fn wraps(self) -> bool {
        self.until < self.from
    }
}

/// Windows of the week, of which any one is enough, and days on which all are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    windows: Vec<Window>,
    #[serde(default)]
    closed_on_federal_holidays: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    closed: Vec<Date>,
}

impl Hours {
    /// Hours that are the union of windows. No window at all is never.
    pub fn new(windows: Vec<Window>) -> Self {
        Self { windows, closed_on_federal_holidays: false, closed: Vec::new() }
    }

    /// The same hours, closed on these days.
    #[must_use]
    pub fn closed_on(mut self, days: impl IntoIterator<Item = Date>) -> Self {
        self.closed.extend(days);
        self
    }

    /// The same hours, closed on federal holidays.
    #[must_use]
    pub fn closed_on_federal_holidays(mut self) -> Self {
        self.closed_on_federal_holidays = true;
        self
    }

    /// Their windows.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    fn opens(&self, window: Window, day: Date) -> bool {
        window.days.has(day.weekday())
            && !self.closed.contains(&day)
            && !(self.closed_on_federal_holidays && is_federal_holiday(day))
    }

    /// Whether a clock that shows `wall` is inside.
    pub fn hold(&self, wall: DateTime) -> bool {
        let (day, minute) = (wall.date(), Minute::of(wall));
        self.windows.iter().any(|window| {
            let end = if window.wraps() { Minute::END } else { window.until };
            let today = window.from <= minute && minute < end && self.opens(*window, day);
            let since_yesterday = window.wraps() && minute < window.until;
            today || since_yesterday && day.yesterday().is_ok_and(|day| self.opens(*window, day))
        })
    }

    /// Beginning and end of what is open on a day, as clocks show them.
    pub(crate) fn on(&self, day: Date) -> impl Iterator<Item = (DateTime, DateTime)> {
        self.windows.iter().filter(move |window| self.opens(**window, day)).filter_map(move |window| {
            let last = if window.wraps() { day.tomorrow().ok()? } else { day };
            Some((window.from.on(day)?, window.until.on(last)?))
        })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, window) in self.windows.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}–{}", window.from, window.until)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn hours(from: &str, until: &str, days: &[Day]) -> Hours {
        let window = Window::new(from.parse().unwrap(), until.parse().unwrap(), Days::of(days));
        Hours::new(vec![window.unwrap()])
    }

    /// D-03, D-12
    #[rstest]
    #[case("2026-11-23T07:59:59", false)]
    #[case("2026-11-23T08:00:00", true)]
    #[case("2026-11-23T19:59:59.999", true)]
    #[case("2026-11-23T20:00:00", false)]
    #[case("2026-11-29T12:00:00", false)]
    fn the_start_is_inside_and_the_end_is_not(#[case] wall: &str, #[case] inside: bool) {
        let days = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat];
        assert_eq!(hours("08:00", "20:00", &days).hold(wall.parse().unwrap()), inside);
    }

    /// D-03
    #[rstest]
    #[case("2026-11-23T21:59:00", false)]
    #[case("2026-11-23T22:00:00", true)]
    #[case("2026-11-24T01:59:00", true)]
    #[case("2026-11-24T02:00:00", false)]
    #[case("2026-11-24T22:00:00", false)]
    #[case("2026-11-23T01:00:00", false)]
    fn a_range_over_midnight_belongs_to_the_day_it_begins(#[case] wall: &str, #[case] inside: bool) {
        assert_eq!(hours("22:00", "02:00", &[Day::Mon]).hold(wall.parse().unwrap()), inside);
    }

    #[test]
    fn closed_days_are_closed() {
        let open = hours("08:00", "20:00", &Day::ALL);
        let noon = |day: &str| format!("{day}T12:00").parse::<DateTime>().unwrap();
        assert!(open.hold(noon("2026-11-26")));
        assert!(!open.clone().closed_on_federal_holidays().hold(noon("2026-11-26")));
        let own = open.closed_on(["2026-11-27".parse().unwrap()]);
        assert!(!own.hold(noon("2026-11-27")) && own.hold(noon("2026-11-28")));
    }

    #[rstest]
    #[case(r#"{"from":"08:00","until":"08:00","days":["MON"]}"#)]
    #[case(r#"{"from":"24:00","until":"08:00","days":["MON"]}"#)]
    #[case(r#"{"from":"08:00","until":"20:00","days":[]}"#)]
    #[case(r#"{"from":"8:00","until":"20:00","days":["MON"]}"#)]
    #[case(r#"{"from":"08:00","until":"24:01","days":["MON"]}"#)]
    #[case(r#"{"from":"08:00","until":"20:00","days":["MON"],"x":1}"#)]
    fn windows_that_hold_nothing_are_refused(#[case] json: &str) {
        assert!(serde_json::from_str::<Window>(json).is_err());
    }

    #[test]
    fn windows_come_back_from_json_as_they_were() {
        let json = r#"{"windows":[{"from":"08:00","until":"24:00","days":["MON","SUN"]}],"closed_on_federal_holidays":true}"#;
        let hours: Hours = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&hours).unwrap(), json);
    }
}
