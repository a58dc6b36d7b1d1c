//! When a message may go out: the moments that lie in every window, in every zone the person may be in.

use jiff::{SignedDuration, civil::DateTime};
use kernel::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

use crate::hours::Hours;

/// Whose hours they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Whose {
    /// A law's.
    Law,
    /// Those of what the message is about.
    Category,
    /// The clinic's.
    Clinic,
    /// The person's.
    Person,
}

/// Why there is no moment to send at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The next one is too late.
    TooLate,
    /// There is none in the days that are searched.
    Never,
}

/// All windows that a message has to respect, in all zones its reader may be in.
#[derive(Debug, Clone)]
pub struct Windows<'a> {
    zones: &'a [Zone],
    hours: Vec<(Whose, &'a Hours)>,
    search_days: i64,
}

type Stretch = (Timestamp, Timestamp);

impl<'a> Windows<'a> {
    /// Windows in these zones. Without a zone nothing is ever open: nobody knows what time it is there.
    pub(crate) fn new(zones: &'a [Zone], search_days: i64) -> Self {
        Self { zones, hours: Vec::new(), search_days }
    }

    /// Adds hours that have to hold as well.
    pub(crate) fn add(&mut self, whose: Whose, hours: &'a Hours) {
        self.hours.push((whose, hours));
    }

    /// Whose hours are closed at an instant, in any of the zones; the law first.
    pub fn closed_by(&self, at: Timestamp) -> Option<Whose> {
        if self.zones.is_empty() {
            return Some(Whose::Law);
        }
        let closed = |hours: &Hours| self.zones.iter().any(|zone| !hours.hold(zone.wall(at)));
        self.hours.iter().filter(|(_, hours)| closed(hours)).map(|(whose, _)| *whose).min()
    }

    /// Whether an instant lies in every window in every zone.
    pub fn are_open(&self, at: Timestamp) -> bool {
        self.closed_by(at).is_none()
    }

    /// The first moment from `at` on that is open everywhere, but never later than `not_after`.
    pub fn next_open(&self, at: Timestamp, not_after: Option<Timestamp>) -> Result<Timestamp, Closed> {
        let to = if self.are_open(at) {
            at
        } else {
            let last = at.saturating_add(SignedDuration::from_hours(24 * self.search_days)).unwrap_or(at);
            let open = self.stretches(at, last);
            let (from, _) = open.iter().find(|(_, until)| *until > at).ok_or(Closed::Never)?;
            (*from).max(at)
        };
        if not_after.is_some_and(|latest| to > latest) { Err(Closed::TooLate) } else { Ok(to) }
    }

    /// The last moment before `at` that is open everywhere and leaves `margin` until it closes, but never
    /// earlier than `not_before`: for what is of no use after the night, such as the reminder of an early visit.
    pub fn previous_open(
        &self,
        at: Timestamp,
        not_before: Timestamp,
        margin: SignedDuration,
    ) -> Option<Timestamp> {
        let first = at
            .saturating_sub(SignedDuration::from_hours(24 * self.search_days))
            .unwrap_or(at)
            .max(not_before);
        let open = self.stretches(first, at);
        let (from, until) = open.iter().rev().find(|(from, until)| *from < at && *until > first)?;
        let (from, until) = ((*from).max(first), (*until).min(at));
        Some(until.saturating_sub(margin).unwrap_or(from).max(from))
    }

    /// What is open everywhere between two instants, in order.
    fn stretches(&self, first: Timestamp, last: Timestamp) -> Vec<Stretch> {
        let mut common: Option<Vec<Stretch>> = None;
        for zone in self.zones {
            for (_, hours) in &self.hours {
                let mut open = Vec::new();
                // A window that began yesterday may still be open.
                let mut day = zone.wall(first).date().yesterday().ok();
                let end = zone.wall(last).date();
                while let Some(today) = day.filter(|day| *day <= end) {
                    open.extend(hours.on(today).filter_map(|(from, until)| {
                        let (from, until) = (begins(zone, from), ends(zone, until));
                        (from < until).then_some((from, until))
                    }));
                    day = today.tomorrow().ok();
                }
                open.sort_unstable();
                let open = merged(open);
                common = Some(match common {
                    None => open,
                    Some(before) => both(&before, &open),
                });
            }
        }
        common.unwrap_or_else(|| if self.zones.is_empty() { Vec::new() } else { vec![(first, last)] })
    }
}

fn merged(open: Vec<Stretch>) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::with_capacity(open.len());
    for (from, until) in open {
        match out.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => out.push((from, until)),
        }
    }
    out
}

fn both(one: &[Stretch], two: &[Stretch]) -> Vec<Stretch> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (one.get(i), two.get(j)) {
        let (from, until) = (a.0.max(b.0), a.1.min(b.1));
        if from < until {
            out.push((from, until));
        }
        if a.1 < b.1 { i += 1 } else { j += 1 }
    }
    out
}

/// The instant from which on the clock shows `wall` or later, for good: of an hour that comes twice the second
/// counts, so that a stretch never begins before a window does.
fn begins(zone: &Zone, wall: DateTime) -> Timestamp {
    let at = zone.instant(wall);
    if zone.wall(at) != wall {
        return gap(zone, wall, at);
    }
    // Clocks go back by an hour, on Lord Howe Island by half of one.
    [60, 30]
        .iter()
        .filter_map(|minutes| at.checked_add(SignedDuration::from_mins(*minutes)).ok())
        .find(|later| zone.wall(*later) == wall)
        .unwrap_or(at)
}

/// The instant at which the clock shows `wall` for the first time.
fn ends(zone: &Zone, wall: DateTime) -> Timestamp {
    let at = zone.instant(wall);
    if zone.wall(at) == wall { at } else { gap(zone, wall, at) }
}

/// The instant at which the clock jumps over `wall`; `after` lies after the jump, as far as `wall` lies behind
/// the time it jumps from.
fn gap(zone: &Zone, wall: DateTime, after: Timestamp) -> Timestamp {
    let jump = zone.wall(after).duration_since(wall);
    let Ok(before) = after.checked_sub(jump) else { return after };
    let (mut low, mut high) = (before.as_second(), after.as_second());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let beyond = Timestamp::from_second(middle).is_ok_and(|at| zone.wall(at) >= wall);
        if beyond { high = middle } else { low = middle }
    }
    Timestamp::from_second(high).unwrap_or(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::{Day, Days, Window};
    use proptest::prelude::*;
    use rstest::rstest;

    fn hours(from: &str, until: &str, days: Days) -> Hours {
        Hours::new(vec![Window::new(from.parse().unwrap(), until.parse().unwrap(), days).unwrap()])
    }

    fn daily(from: &str, until: &str) -> Hours {
        hours(from, until, Days::ALL)
    }

    fn zones(names: &[&str]) -> Vec<Zone> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn windows<'a>(zones: &'a [Zone], all: &'a [Hours]) -> Windows<'a> {
        let mut windows = Windows::new(zones, 7);
        for hours in all {
            windows.add(Whose::Law, hours);
        }
        windows
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// D-12, Z-10
    #[rstest]
    #[case("America/New_York", "2026-07-02T00:00:00Z", "2026-12-02T01:00:00Z")]
    #[case("America/Chicago", "2026-07-02T01:00:00Z", "2026-12-02T02:00:00Z")]
    #[case("America/Denver", "2026-07-02T02:00:00Z", "2026-12-02T03:00:00Z")]
    #[case("America/Phoenix", "2026-07-02T03:00:00Z", "2026-12-02T03:00:00Z")]
    #[case("America/Los_Angeles", "2026-07-02T03:00:00Z", "2026-12-02T04:00:00Z")]
    #[case("America/Anchorage", "2026-07-02T04:00:00Z", "2026-12-02T05:00:00Z")]
    #[case("Pacific/Honolulu", "2026-07-02T06:00:00Z", "2026-12-02T06:00:00Z")]
    #[case("America/Puerto_Rico", "2026-07-02T00:00:00Z", "2026-12-02T00:00:00Z")]
    fn eight_in_the_evening_is_the_end_in_every_zone(
        #[case] zone: &str,
        #[case] summer: &str,
        #[case] winter: &str,
    ) {
        let zones = zones(&[zone]);
        let all = [daily("08:00", "20:00")];
        let windows = windows(&zones, &all);
        for end in [at(summer), at(winter)] {
            assert!(!windows.are_open(end));
            assert!(windows.are_open(end - SignedDuration::from_nanos(1)));
            assert_eq!(windows.next_open(end, None), Ok(end + SignedDuration::from_hours(12)));
        }
    }

    /// D-12
    #[test]
    fn every_zone_has_to_be_open() {
        let zones = zones(&["America/New_York", "America/Los_Angeles"]);
        let all = [daily("08:00", "21:00")];
        let windows = windows(&zones, &all);
        // 08:00 in New York is 05:00 in Los Angeles.
        assert_eq!(windows.next_open(at("2026-12-01T13:00:00Z"), None), Ok(at("2026-12-01T16:00:00Z")));
        assert!(!windows.are_open(at("2026-12-02T02:00:00Z")));
    }

    /// E-17
    #[test]
    fn what_is_useless_later_goes_the_evening_before() {
        let zones = zones(&["America/New_York"]);
        let all = [daily("08:00", "20:00")];
        let windows = windows(&zones, &all);
        // The visit is at 07:30 on the 10th, the reminder was meant for 06:30.
        let (meant, visit) = (at("2026-12-10T11:30:00Z"), at("2026-12-10T12:30:00Z"));
        assert_eq!(windows.next_open(meant, Some(visit)), Err(Closed::TooLate));
        let margin = SignedDuration::from_mins(30);
        assert_eq!(
            windows.previous_open(meant, at("2026-12-01T00:00:00Z"), margin),
            Some(at("2026-12-10T00:30:00Z"))
        );
        assert_eq!(windows.previous_open(meant, at("2026-12-10T01:00:00Z"), margin), None);
    }

    /// D-03
    #[test]
    fn a_week_without_an_open_day_is_never() {
        let zones = zones(&["America/New_York"]);
        let (only_monday, not_monday) = (
            hours("08:00", "20:00", Days::of(&[Day::Mon])),
            hours("08:00", "20:00", Days::of(&[Day::Tue, Day::Sun])),
        );
        let all = [only_monday, not_monday];
        let windows = windows(&zones, &all);
        assert_eq!(windows.next_open(at("2026-12-10T11:30:00Z"), None), Err(Closed::Never));
        assert_eq!(Windows::new(&[], 7).next_open(at("2026-12-10T15:00:00Z"), None), Err(Closed::Never));
    }

    /// D-12, Z-10
    #[rstest]
    // The gap of 2026-03-08 swallows 02:00 to 03:00: the window opens when the clock jumps.
    #[case("02:30", "05:00", "2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z")]
    // 01:30 comes twice on 2026-11-01; only from the second time on it stays past it.
    #[case("01:30", "05:00", "2026-11-01T05:00:00Z", "2026-11-01T06:30:00Z")]
    fn windows_survive_changes_of_the_clock(
        #[case] from: &str,
        #[case] until: &str,
        #[case] now: &str,
        #[case] opens: &str,
    ) {
        let zones = zones(&["America/New_York"]);
        assert_eq!(windows(&zones, &[daily(from, until)]).next_open(at(now), None), Ok(at(opens)));
    }

    const ZONES: [&str; 9] = [
        "America/New_York",
        "America/Chicago",
        "America/Los_Angeles",
        "America/Phoenix",
        "Pacific/Honolulu",
        "America/Puerto_Rico",
        "Australia/Lord_Howe",
        "America/Havana",
        "Pacific/Apia",
    ];

    fn some_hours() -> impl Strategy<Value = Hours> {
        let window = (
            0u16..1440,
            0u16..=1440,
            prop::sample::subsequence(
                vec![Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun],
                1..=7,
            ),
        )
            .prop_filter_map("empty", |(from, until, days)| {
                let minute = |m: u16| format!("{:02}:{:02}", m / 60, m % 60).parse().unwrap();
                Window::new(minute(from), minute(until), Days::of(&days)).ok()
            });
        (prop::collection::vec(window, 1..3), any::<bool>()).prop_map(|(windows, holidays)| {
            let hours = Hours::new(windows);
            if holidays { hours.closed_on_federal_holidays() } else { hours }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        /// D-12, D-26
        #[test]
        fn a_shifted_time_is_inside_everything_and_never_too_late(
            // 2026 and 2027; a third of the cases stand around a change of the clock.
            second in prop_oneof![1_767_225_600i64..1_830_297_600, 1_772_928_000i64..1_773_014_400, 1_793_491_200i64..1_793_577_600],
            names in prop::sample::subsequence(ZONES.to_vec(), 1..=3),
            all in prop::collection::vec(some_hours(), 1..3),
            patience in prop::option::of(0i64..14 * 86_400),
        ) {
            let zones = zones(&names);
            let windows = windows(&zones, &all);
            let meant = Timestamp::from_second(second).unwrap();
            let not_after = patience.map(|seconds| meant + SignedDuration::from_secs(seconds));
            if let Ok(to) = windows.next_open(meant, not_after) {
                prop_assert!(to >= meant && not_after.is_none_or(|latest| to <= latest));
                for (zone, hours) in zones.iter().flat_map(|zone| all.iter().map(move |hours| (zone, hours))) {
                    prop_assert!(hours.hold(zone.wall(to)), "{to} in {zone:?} against {hours}");
                }
            }
            let not_before = meant - SignedDuration::from_hours(72);
            if let Some(to) = windows.previous_open(meant, not_before, SignedDuration::from_mins(30)) {
                prop_assert!(to >= not_before && to < meant && windows.are_open(to), "{to}");
            }
        }

        #[test]
        fn no_open_quarter_of_an_hour_is_passed_over(
            second in 1_767_225_600i64..1_772_000_000,
            all in prop::collection::vec(some_hours(), 1..3),
        ) {
            let zones = zones(&["America/Chicago", "America/Denver"]);
            let windows = windows(&zones, &all);
            let meant = Timestamp::from_second(second).unwrap();
            let to = windows.next_open(meant, None);
            let end = to.unwrap_or(meant + SignedDuration::from_hours(24 * 6));
            let mut probe = meant;
            while probe < end {
                prop_assert!(!windows.are_open(probe), "{probe} is open, {to:?} was given");
                probe += SignedDuration::from_mins(15);
            }
        }
    }
}
