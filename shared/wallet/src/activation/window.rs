//! When a decision is to be expected.

use std::sync::LazyLock;

use jiff::{ToSpan as _, civil::Date};
use kernel::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Moderation {
    earliest_days: i32,
    latest_days: i32,
}

static MODERATION: LazyLock<Moderation> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/moderation.json"))
        .expect("the days of moderation are checked by a test")
});

/// The days between which a decision is to be expected, both included, on the clinic's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Not before.
    pub from: Date,
    /// Not after; later is overdue.
    pub to: Date,
}

impl Window {
    /// Whether its time is over.
    pub fn is_over(&self, zone: &Zone, now: Timestamp) -> bool {
        zone.wall(now).date() > self.to
    }
}

/// The window for what was handed in at an instant. The days are calendar days: weekends count.
pub fn window(zone: &Zone, submitted: Timestamp) -> Window {
    let day = zone.wall(submitted).date();
    Window {
        from: day.saturating_add(MODERATION.earliest_days.days()),
        to: day.saturating_add(MODERATION.latest_days.days()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    // A Friday; the days on the clinic's calendar, not that of Greenwich.
    #[case("2026-11-20T15:00:00Z", "2026-11-30", "2026-12-06")]
    #[case("2026-11-21T03:00:00Z", "2026-11-30", "2026-12-06")]
    #[case("2026-11-21T06:00:00Z", "2026-12-01", "2026-12-07")]
    #[case("2027-02-20T15:00:00Z", "2027-03-02", "2027-03-08")]
    fn a_decision_is_expected_after_10_and_before_16_calendar_days(
        #[case] submitted: &str,
        #[case] from: &str,
        #[case] to: &str,
    ) {
        let zone: Zone = "America/New_York".parse().unwrap();
        let window = window(&zone, submitted.parse().unwrap());
        assert_eq!((window.from.to_string(), window.to.to_string()), (from.to_owned(), to.to_owned()));
        let at = |hour, day: Date| zone.instant(day.at(hour, 0, 0, 0));
        assert!(!window.is_over(&zone, at(23, window.to)));
        assert!(window.is_over(&zone, at(0, window.to.tomorrow().unwrap())));
    }
}
