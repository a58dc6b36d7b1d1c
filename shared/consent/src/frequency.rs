//! How often somebody wants to hear over a channel: at once, or collected into one message.

use std::sync::LazyLock;

use jiff::civil::{Time, Weekday};
use kernel::{Category, Timestamp, Zone};
use serde::{Deserialize, Serialize};

use crate::rules::read;

/// How often somebody wants to hear over a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Frequency {
    /// Each message as it comes.
    #[default]
    Immediate,
    /// One message a day with all that came up.
    Daily,
    /// One message a week with all that came up.
    Weekly,
}

#[derive(Deserialize)]
struct Digests {
    at: Time,
    /// 1 is Monday.
    weekly_on: i8,
    at_once: Vec<Category>,
}

static DIGESTS: LazyLock<Digests> = LazyLock::new(|| read(include_str!("../data/digests.json")));

impl Frequency {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Immediate => "IMMEDIATE",
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
        }
    }

    /// Whether messages of a kind may wait for others at all. Those around visits and care may not: they are
    /// worth nothing when they come late.
    pub fn may_collect(category: Category) -> bool {
        !DIGESTS.at_once.contains(&category)
    }

    /// When what comes up at an instant goes out, by the clinic's clock; nothing for what goes out at once.
    pub fn next(self, zone: &Zone, after: Timestamp) -> Option<Timestamp> {
        let weekly_on = match self {
            Self::Immediate => return None,
            Self::Daily => None,
            Self::Weekly => Weekday::from_monday_one_offset(DIGESTS.weekly_on).ok(),
        };
        let mut day = zone.wall(after).date();
        for _ in 0..=7 {
            let at = zone.instant(day.to_datetime(DIGESTS.at));
            if at > after && weekly_on.is_none_or(|wanted| day.weekday() == wanted) {
                return Some(at);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// D-02
    #[rstest]
    #[case(Frequency::Immediate, "2026-11-22T12:00:00Z", None)]
    // A Sunday; 09:00 in New York is 14:00 in winter and 13:00 in summer.
    #[case(Frequency::Daily, "2026-11-22T13:59:59Z", Some("2026-11-22T14:00:00Z"))]
    #[case(Frequency::Daily, "2026-11-22T14:00:00Z", Some("2026-11-23T14:00:00Z"))]
    #[case(Frequency::Daily, "2026-06-22T14:00:00Z", Some("2026-06-23T13:00:00Z"))]
    // The clocks change in the night between.
    #[case(Frequency::Daily, "2026-03-07T15:00:00Z", Some("2026-03-08T13:00:00Z"))]
    #[case(Frequency::Weekly, "2026-11-22T12:00:00Z", Some("2026-11-23T14:00:00Z"))]
    #[case(Frequency::Weekly, "2026-11-23T14:00:00Z", Some("2026-11-30T14:00:00Z"))]
    fn what_is_collected_goes_out_on_the_clinics_morning(
        #[case] frequency: Frequency,
        #[case] after: &str,
        #[case] expected: Option<&str>,
    ) {
        let zone: Zone = "America/New_York".parse().unwrap();
        let next = frequency.next(&zone, after.parse().unwrap()).map(|at| at.to_string());
        assert_eq!(next.as_deref(), expected);
    }

    /// D-02
    #[test]
    fn what_is_about_visits_and_care_is_never_collected() {
        assert!(
            !Frequency::may_collect(Category::Appointment) && !Frequency::may_collect(Category::Treatment)
        );
        assert!(Frequency::may_collect(Category::General) && Frequency::may_collect(Category::Billing));
    }
}
