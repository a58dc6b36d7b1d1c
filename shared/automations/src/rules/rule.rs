//! A rule: when which visits are reminded of, and how.

use jiff::{ToSpan as _, civil::Time};
use kernel::{Channel, RuleId, TemplateId, Timestamp};
use messaging::Route;
use people::appointments::{Appointment, Status};
use serde::{Deserialize, Serialize};
use table::{
    Entity,
    keys::{ArchivedRuleKey, RuleKey},
};

/// How many rules a clinic can have.
pub const MOST_RULES: u16 = 50;

/// What a time before a visit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Unit {
    /// Hours that pass: a change of the clock does not stretch them.
    Hours,
    /// Days of the calendar at the place of the visit, at the same time on the wall or at one that is set.
    Days,
}

/// When a rule wants its message to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Timing {
    /// As soon as the visit is booked.
    AtBooking,
    /// Some time after it was booked.
    AfterBooking {
        /// Minutes after.
        minutes: u32,
    },
    /// Before it begins.
    Before {
        /// How many.
        amount: u32,
        /// Of what.
        unit: Unit,
        /// For days: what the clock shows then; the time of the visit if absent. The morning of the day is 0
        /// days at 08:00.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Time>,
    },
}

impl Timing {
    /// The instant that is meant for a visit, whatever the hours and whatever has passed. Hours are elapsed
    /// time, days are calendar days in the zone of the visit; of a time that the clock skips the one after is
    /// taken, of one that comes twice the first.
    pub fn meant(self, visit: &Appointment) -> Timestamp {
        let after = |minutes: u32| {
            let later = jiff::SignedDuration::from_mins(i64::from(minutes));
            visit.created_at.saturating_add(later).unwrap_or(Timestamp::MAX)
        };
        match self {
            Self::AtBooking => after(0),
            Self::AfterBooking { minutes } => after(minutes),
            Self::Before { amount, unit: Unit::Hours, .. } => {
                let earlier = jiff::SignedDuration::from_hours(i64::from(amount));
                visit.starts_at.saturating_sub(earlier).unwrap_or(Timestamp::MIN)
            }
            Self::Before { amount, unit: Unit::Days, at } => {
                let wall = visit.zone.wall(visit.starts_at);
                let day = wall.date().checked_sub(i64::from(amount).days()).unwrap_or(wall.date());
                visit.zone.instant(day.to_datetime(at.unwrap_or(wall.time())))
            }
        }
    }

    /// Whether it counts from the booking, not from the visit.
    pub fn is_from_booking(self) -> bool {
        !matches!(self, Self::Before { .. })
    }
}

/// By which way the messages of a rule go.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channels {
    /// The first usable one in the recipient's own order.
    Auto,
    /// The first usable one of these.
    FirstOf(Vec<Channel>),
    /// All of these, one message each.
    EachOf(Vec<Channel>),
}

impl Channels {
    /// One route for each message.
    pub fn routes(&self) -> Vec<Route> {
        match self {
            Self::Auto => vec![Route::Auto],
            Self::FirstOf(list) => vec![Route::FirstOf(list.clone())],
            Self::EachOf(list) => list.iter().map(|channel| Route::Only(*channel)).collect(),
        }
    }

    /// The channels that are named.
    pub fn named(&self) -> &[Channel] {
        match self {
            Self::Auto => &[],
            Self::FirstOf(list) | Self::EachOf(list) => list,
        }
    }
}

/// What becomes of a message whose time had passed when the visit was booked or moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Late {
    /// It goes out at once.
    SendNow,
    /// It does not go out.
    #[default]
    Skip,
}

/// A rule that reminds of visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the page of a rule")]
pub struct Rule {
    /// The id.
    pub id: RuleId,
    /// 1 to 100 characters.
    pub name: String,
    /// Whether it plans messages.
    pub enabled: bool,
    /// When.
    pub timing: Timing,
    /// Visits in these statuses.
    pub statuses: Vec<Status>,
    /// Also visits about which an attempt to reach the patient failed.
    pub out_of_reach: bool,
    /// By which way.
    pub channels: Channels,
    /// With which words.
    pub template: TemplateId,
    /// In which version: the one that was applied.
    pub template_version: u32,
    /// Takes the newest version of the template instead, as soon as there is one.
    pub follow_latest: bool,
    /// Visits for these services only, in the source's words whatever the letter case; empty for all. A rule
    /// for a service takes the place of a general one with the same timing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_types: Vec<String>,
    /// The message asks whether the patient will come.
    pub asks_confirmation: bool,
    /// Pointless once the patient has confirmed.
    pub skip_if_confirmed: bool,
    /// What becomes of it when the visit is booked or moved closer than its timing.
    pub late: Late,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub by: String,
}

impl Rule {
    /// Whether it is about visits of this type.
    pub fn is_for(&self, service_type: Option<&str>) -> bool {
        self.service_types.is_empty() || self.is_especially_for(service_type)
    }

    /// Whether it names this type.
    pub fn is_especially_for(&self, service_type: Option<&str>) -> bool {
        let folded = |text: &str| text.trim().to_lowercase();
        service_type.is_some_and(|have| {
            let have = folded(have);
            self.service_types.iter().any(|named| folded(named) == have)
        })
    }
}

impl Entity for Rule {
    type Key = RuleKey;

    fn key(&self) -> RuleKey {
        RuleKey { rule: self.id }
    }
}

/// A rule that was put away; messages still point to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedRule {
    /// As it was.
    pub rule: Rule,
    /// When.
    pub archived_at: Timestamp,
    /// Who did it.
    pub archived_by: String,
}

impl Entity for ArchivedRule {
    type Key = ArchivedRuleKey;

    fn key(&self) -> ArchivedRuleKey {
        ArchivedRuleKey { rule: self.rule.id }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::seams::visit;

    fn before(amount: u32, unit: Unit, at: Option<&str>) -> Timing {
        Timing::Before { amount, unit, at: at.map(|time| time.parse().unwrap()) }
    }

    /// E-09, Z-10
    #[rstest]
    // The clock jumps on 2026-03-08: a day before is 09:00 again, 24 hours before is 08:00.
    #[case("2026-03-08T09:00", before(24, Unit::Hours, None), "2026-03-07T13:00:00Z")]
    #[case("2026-03-08T09:00", before(1, Unit::Days, None), "2026-03-07T14:00:00Z")]
    // It falls back on 2026-11-01.
    #[case("2026-11-01T09:00", before(24, Unit::Hours, None), "2026-10-31T14:00:00Z")]
    #[case("2026-11-01T09:00", before(1, Unit::Days, None), "2026-10-31T13:00:00Z")]
    // 02:30 does not exist on 2026-03-08; 01:30 comes twice on 2026-11-01.
    #[case("2026-03-09T02:30", before(1, Unit::Days, None), "2026-03-08T07:30:00Z")]
    #[case("2026-03-08T09:00", before(0, Unit::Days, Some("02:30")), "2026-03-08T07:30:00Z")]
    #[case("2026-11-02T01:30", before(1, Unit::Days, None), "2026-11-01T05:30:00Z")]
    #[case("2026-11-01T09:00", before(0, Unit::Days, Some("01:30")), "2026-11-01T05:30:00Z")]
    // In 2027 the days are 14 March and 7 November.
    #[case("2027-03-14T09:00", before(24, Unit::Hours, None), "2027-03-13T13:00:00Z")]
    #[case("2027-11-07T09:00", before(1, Unit::Days, None), "2027-11-06T13:00:00Z")]
    #[case("2026-06-10T07:30", before(0, Unit::Days, Some("08:00")), "2026-06-10T12:00:00Z")]
    #[case("2026-06-10T14:00", before(0, Unit::Hours, None), "2026-06-10T18:00:00Z")]
    fn hours_pass_and_days_are_those_of_the_calendar(
        #[case] wall: &str,
        #[case] timing: Timing,
        #[case] meant: &str,
    ) {
        let visit = visit("America/New_York", wall);
        assert_eq!(timing.meant(&visit), meant.parse().unwrap());
    }

    /// E-09, Z-10
    #[rstest]
    #[case("America/Phoenix")]
    #[case("Pacific/Honolulu")]
    #[case("America/Puerto_Rico")]
    fn where_the_clock_never_changes_a_day_has_24_hours(#[case] zone: &str) {
        for wall in ["2026-03-08T09:00", "2026-11-01T09:00"] {
            let visit = visit(zone, wall);
            assert_eq!(
                before(24, Unit::Hours, None).meant(&visit),
                before(1, Unit::Days, None).meant(&visit)
            );
        }
    }

    /// E-09
    #[test]
    fn after_the_booking_counts_from_when_it_was_made() {
        let mut visit = visit("America/New_York", "2026-06-10T14:00");
        visit.created_at = "2026-06-01T10:00:00Z".parse().unwrap();
        assert_eq!(Timing::AtBooking.meant(&visit), visit.created_at);
        assert_eq!(Timing::AfterBooking { minutes: 0 }.meant(&visit), visit.created_at);
        assert_eq!(
            Timing::AfterBooking { minutes: 90 }.meant(&visit),
            "2026-06-01T11:30:00Z".parse().unwrap()
        );
    }

    #[test]
    fn a_timing_comes_back_from_json_as_it_was() {
        for json in [
            r#"{"kind":"AT_BOOKING"}"#,
            r#"{"kind":"AFTER_BOOKING","minutes":5}"#,
            r#"{"kind":"BEFORE","amount":0,"unit":"DAYS","at":"08:00:00"}"#,
            r#"{"kind":"BEFORE","amount":48,"unit":"HOURS"}"#,
        ] {
            let timing: Timing = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&timing).unwrap(), json);
        }
    }
}
