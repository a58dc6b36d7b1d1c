use jiff::civil::Time;
use kernel::{Channel, Zone};
use people::appointments::{Confirmation, Status};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{
    rules::{Channels, Timing, Unit},
    seams::{NEW_YORK, at, hours, in_force, morning, usual_clocks, visit},
};

fn only(rules: &[InForce], visit: &Appointment, cause: Cause, now: &str) -> (Outcome, Vec<Why>) {
    let clocks = usual_clocks(visit.zone.name());
    let wanted = plan(rules, visit, &clocks, cause, &[], at(now));
    assert_eq!(wanted.len(), 1);
    (wanted[0].outcome, wanted[0].why.iter().map(|reason| reason.code).collect())
}

/// E-10, Appendix 1 row 5
#[rstest]
#[case(Status::Scheduled, false, true, None)]
#[case(Status::Confirmed, false, true, None)]
#[case(Status::Scheduled, true, true, None)]
#[case(Status::Scheduled, true, false, Some(Why::OutOfReach))]
fn visits_in_chosen_statuses_are_reminded_of(
    #[case] status: Status,
    #[case] out_of_reach: bool,
    #[case] takes_out_of_reach: bool,
    #[case] against: Option<Why>,
) {
    let mut rule = in_force("day before", hours(24));
    rule.rule.out_of_reach = takes_out_of_reach;
    let visit = Appointment { status, out_of_reach, ..visit(NEW_YORK, "2026-06-10T14:00") };
    let (outcome, why) = only(&[rule], &visit, Cause::Other, "2026-06-01T12:00:00Z");
    assert_eq!(matches!(outcome, Outcome::Go(_)), against.is_none());
    assert_eq!(why, Vec::from_iter(against));
}

/// E-10
#[test]
fn a_status_that_was_not_chosen_is_not_reminded_of() {
    let mut rule = in_force("day before", hours(24));
    rule.rule.statuses = vec![Status::Scheduled];
    let visit = Appointment { status: Status::Confirmed, ..visit(NEW_YORK, "2026-06-10T14:00") };
    let planned = only(&[rule], &visit, Cause::Other, "2026-06-01T12:00:00Z");
    assert_eq!(planned, (Outcome::No, vec![Why::StatusNotReminded]));
}

/// E-11
#[rstest]
#[case(Status::Cancelled, "2026-06-01T12:00:00Z")]
#[case(Status::Completed, "2026-06-01T12:00:00Z")]
#[case(Status::NoShow, "2026-06-01T12:00:00Z")]
#[case(Status::Arrived, "2026-06-01T12:00:00Z")]
#[case(Status::Scheduled, "2026-06-10T18:00:00Z")]
#[case(Status::Scheduled, "2026-06-11T12:00:00Z")]
fn visits_that_are_not_ahead_have_no_plan(#[case] status: Status, #[case] now: &str) {
    let visit = Appointment { status, ..visit(NEW_YORK, "2026-06-10T14:00") };
    let clocks = usual_clocks(NEW_YORK);
    let rules = [in_force("day before", hours(24)), in_force("booking", Timing::AtBooking)];
    assert!(plan(&rules, &visit, &clocks, Cause::Moved, &[], at(now)).is_empty());
}

/// E-09
#[rstest]
#[case(Late::SendNow, Outcome::Go(at("2026-06-10T14:00:00Z")), Why::SentLate)]
#[case(Late::Skip, Outcome::No, Why::BookedTooLate)]
fn a_booking_closer_than_the_rule_goes_out_at_once_or_not_at_all(
    #[case] late: Late,
    #[case] outcome: Outcome,
    #[case] why: Why,
) {
    let mut rule = in_force("two days before", hours(48));
    rule.rule.late = late;
    let visit = visit(NEW_YORK, "2026-06-10T14:00");
    assert_eq!(only(&[rule], &visit, Cause::Booked, "2026-06-10T14:00:00Z"), (outcome, vec![why]));
}

/// E-08
#[test]
fn moments_that_have_passed_are_not_made_up_for() {
    let visit = visit(NEW_YORK, "2026-06-10T14:00");
    for timing in [Timing::AtBooking, Timing::AfterBooking { minutes: 60 }, hours(48)] {
        let mut rule = in_force("any", timing);
        rule.rule.late = Late::SendNow;
        let planned = only(&[rule], &visit, Cause::Other, "2026-06-10T14:00:00Z");
        assert_eq!(planned, (Outcome::No, vec![Why::Past]));
    }
}

/// E-09
#[test]
fn a_booking_is_confirmed_at_once_and_followed_up_later() {
    let now = "2026-06-01T14:00:00Z";
    let visit = Appointment { created_at: at(now), ..visit(NEW_YORK, "2026-06-10T14:00") };
    let after = |timing| only(&[in_force("any", timing)], &visit, Cause::Booked, now).0;
    assert_eq!(after(Timing::AtBooking), Outcome::Go(at(now)));
    assert_eq!(after(Timing::AfterBooking { minutes: 0 }), Outcome::Go(at(now)));
    assert_eq!(after(Timing::AfterBooking { minutes: 30 }), Outcome::Go(at("2026-06-01T14:30:00Z")));
    let close = Appointment { created_at: at(now), ..crate::seams::visit(NEW_YORK, "2026-06-01T10:20") };
    let planned = only(&[in_force("any", Timing::AfterBooking { minutes: 30 })], &close, Cause::Booked, now);
    assert_eq!(planned, (Outcome::No, vec![Why::AfterTheVisit]));
}

/// E-17
#[rstest]
// 07:30, two hours before and the morning of the day: the evening before, half an hour before it ends at 20:00.
#[case("2026-06-10T07:30", hours(2), "2026-06-09T23:30:00Z", Why::ShiftedBeforeTheVisit)]
#[case("2026-06-10T07:30", morning(), "2026-06-09T23:30:00Z", Why::ShiftedBeforeTheVisit)]
// 08:15, two hours before is 06:15; 08:00 would leave a quarter of an hour.
#[case("2026-06-10T08:15", hours(2), "2026-06-09T23:30:00Z", Why::ShiftedBeforeTheVisit)]
// 09:30, two hours before is 07:30: half an hour later is early enough.
#[case("2026-06-10T09:30", hours(2), "2026-06-10T12:00:00Z", Why::ShiftedOutOfQuietHours)]
// 48 hours before 06:00 is at 06:00: two hours later.
#[case("2026-06-10T06:00", hours(48), "2026-06-08T12:00:00Z", Why::ShiftedOutOfQuietHours)]
fn outside_of_the_hours_it_goes_later_or_the_evening_before(
    #[case] wall: &str,
    #[case] timing: Timing,
    #[case] goes: &str,
    #[case] why: Why,
) {
    let visit = visit(NEW_YORK, wall);
    let planned = only(&[in_force("any", timing)], &visit, Cause::Other, "2026-06-01T12:00:00Z");
    assert_eq!(planned, (Outcome::Go(at(goes)), vec![why]));
}

/// E-17
#[test]
fn without_open_hours_before_the_visit_nothing_goes_out() {
    // Booked at 23:00 for 07:00 the next day.
    let now = "2026-06-10T03:00:00Z";
    let visit = Appointment { created_at: at(now), ..visit(NEW_YORK, "2026-06-10T07:00") };
    let planned = only(&[in_force("booking", Timing::AtBooking)], &visit, Cause::Booked, now);
    assert_eq!(planned, (Outcome::No, vec![Why::NoWindow]));
    // For 08:10: shortly before is better than not at all.
    let visit = Appointment { created_at: at(now), ..crate::seams::visit(NEW_YORK, "2026-06-10T08:10") };
    let (outcome, _) = only(&[in_force("booking", Timing::AtBooking)], &visit, Cause::Booked, now);
    assert_eq!(outcome, Outcome::Go(at("2026-06-10T12:00:00Z")));
}

/// E-15
#[test]
fn a_rule_for_the_type_takes_the_place_of_the_general_one_with_the_same_timing() {
    let general = in_force("general", hours(48));
    let mut special = in_force("surgery", hours(48));
    special.rule.service_types = vec!["Oral Surgery".to_owned()];
    let other = in_force("day before", hours(24));
    let rules = [general, special, other];
    let clocks = usual_clocks(NEW_YORK);
    let now = at("2026-06-01T12:00:00Z");
    let mut visit = visit(NEW_YORK, "2026-06-10T14:00");
    let named = |visit: &Appointment| -> Vec<String> {
        let wanted = plan(&rules, visit, &clocks, Cause::Other, &[], now);
        let mut names: Vec<_> = wanted
            .iter()
            .filter(|one| matches!(one.outcome, Outcome::Go(_)))
            .map(|one| one.rule.rule.name.clone())
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(named(&visit), ["day before", "general"]);
    visit.service_type = Some(" oral surgery ".to_owned());
    assert_eq!(named(&visit), ["day before", "surgery"]);
    let wanted = plan(&rules, &visit, &clocks, Cause::Other, &[], now);
    assert!(wanted.iter().any(|one| one.why.iter().any(|reason| reason.code == Why::TypeRuleApplies)));
}

/// E-14
#[test]
fn a_rule_goes_by_the_first_way_or_by_each() {
    let clocks = usual_clocks(NEW_YORK);
    let visit = visit(NEW_YORK, "2026-06-10T14:00");
    let routes = |channels: Channels| -> Vec<Route> {
        let mut rule = in_force("any", hours(24));
        rule.rule.channels = channels;
        let rules = [rule];
        let wanted = plan(&rules, &visit, &clocks, Cause::Other, &[], at("2026-06-01T12:00:00Z"));
        wanted.into_iter().map(|one| one.route).collect()
    };
    let both = vec![Channel::Email, Channel::Sms];
    assert_eq!(routes(Channels::Auto), [Route::Auto]);
    assert_eq!(routes(Channels::FirstOf(both.clone())), [Route::FirstOf(both.clone())]);
    assert_eq!(routes(Channels::EachOf(both)), [Route::Only(Channel::Email), Route::Only(Channel::Sms)]);
}

/// E-20
#[rstest]
#[case(Answer::Confirmed, true, Some(Why::AlreadyConfirmed))]
#[case(Answer::Confirmed, false, None)]
#[case(Answer::Pending, true, None)]
#[case(Answer::Declined, false, Some(Why::Declined))]
fn who_has_answered_is_not_reminded_for_nothing(
    #[case] answer: Answer,
    #[case] skip: bool,
    #[case] against: Option<Why>,
) {
    let mut rule = in_force("day before", hours(24));
    rule.rule.skip_if_confirmed = skip;
    let confirmation = Confirmation { answer, ..Confirmation::default() };
    let visit = Appointment { confirmation, ..visit(NEW_YORK, "2026-06-10T14:00") };
    let (_, why) = only(&[rule], &visit, Cause::Other, "2026-06-01T12:00:00Z");
    assert_eq!(why, Vec::from_iter(against));
}

#[test]
fn a_message_that_waits_for_open_hours_stays_owed() {
    let visit = visit(NEW_YORK, "2026-06-10T23:00");
    let rules = [in_force("day before", hours(24))];
    // Meant for 23:00 on the 9th, which is in quiet hours; it is 23:30 now.
    let now = at("2026-06-10T03:30:00Z");
    let owed = Owed {
        rule: rules[0].rule.id,
        route: Route::FirstOf(vec![Channel::Sms]),
        planned_at: at("2026-06-10T03:00:00Z"),
    };
    let clocks = usual_clocks(NEW_YORK);
    let wanted = plan(&rules, &visit, &clocks, Cause::Other, &[owed], now);
    assert_eq!(wanted[0].outcome, Outcome::Go(at("2026-06-10T12:00:00Z")));
    assert!(wanted[0].overdue);
    let wanted = plan(&rules, &visit, &clocks, Cause::Other, &[], now);
    assert_eq!(wanted[0].outcome, Outcome::No);
}

#[test]
fn a_plan_has_a_bounded_number_of_messages() {
    let rules: Vec<_> = (1..=20).map(|n| in_force(&format!("{n} h"), hours(n * 24))).collect();
    let visit = visit(NEW_YORK, "2026-06-30T14:00");
    let clocks = usual_clocks(NEW_YORK);
    let wanted = plan(&rules, &visit, &clocks, Cause::Other, &[], at("2026-06-01T12:00:00Z"));
    let goes = wanted.iter().filter(|one| matches!(one.outcome, Outcome::Go(_))).count();
    assert_eq!((wanted.len(), goes), (20, MOST_MESSAGES));
}

const ZONES: [&str; 7] = [
    NEW_YORK,
    "America/Chicago",
    "America/Los_Angeles",
    "America/Phoenix",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    "America/Havana",
];

fn timing() -> impl Strategy<Value = Timing> {
    let time = prop::option::of((0i8..24, 0i8..60));
    prop_oneof![
        Just(Timing::AtBooking),
        (0u32..3000).prop_map(|minutes| Timing::AfterBooking { minutes }),
        (1u32..100).prop_map(hours),
        (0u32..9, time).prop_map(|(amount, time)| Timing::Before {
            amount,
            unit: Unit::Days,
            at: time.map(|(hour, minute)| Time::constant(hour, minute, 0, 0)),
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// E-17
    #[test]
    fn nothing_goes_out_after_the_start_or_outside_of_the_hours(
        // 2026; a third of the cases stand around a change of the clock.
        start in prop_oneof![1_767_225_600i64..1_798_761_600, 1_772_900_000i64..1_773_100_000, 1_793_450_000i64..1_793_650_000],
        ahead in 1i64..12 * 86_400,
        booked in 0i64..3600,
        zone in prop::sample::select(ZONES.to_vec()),
        patient in prop::option::of(prop::sample::select(ZONES.to_vec())),
        timings in prop::collection::vec(timing(), 1..6),
        (from, length) in (0i8..20, 1i8..5),
        late in prop::sample::select(vec![Late::SendNow, Late::Skip]),
        cause in prop::sample::select(vec![Cause::Booked, Cause::Moved, Cause::Other]),
    ) {
        let starts_at = Timestamp::from_second(start).unwrap();
        let now = starts_at - SignedDuration::from_secs(ahead);
        let place: Zone = zone.parse().unwrap();
        let mut visit = visit(zone, "2026-06-10T14:00");
        visit.starts_at = starts_at;
        visit.ends_at = starts_at + SignedDuration::from_mins(30);
        visit.wall = place.wall(starts_at);
        visit.created_at = now - SignedDuration::from_secs(booked);
        let mut clinic = people::Clinic::new(kernel::ClinicId::FIRST, "Smile", place.clone());
        clinic.window = people::clinic::Window {
            from: Time::constant(from, 0, 0, 0),
            to: Time::constant(from + length - 1, 59, 0, 0),
        };
        let mut person = people::Person::new(visit.person, visit.origin.clone(), now);
        person.zone = patient.map(|name| name.parse().unwrap());
        let clocks = Clocks::new(consent::Rules::standard().clone(), &clinic, &place, Some(&person), None);
        let rules: Vec<_> = timings.iter().enumerate().map(|(n, timing)| {
            let mut rule = in_force(&n.to_string(), *timing);
            rule.rule.late = late;
            rule
        }).collect();
        let wanted = plan(&rules, &visit, &clocks, cause, &[], now);
        prop_assert_eq!(&wanted, &plan(&rules, &visit, &clocks, cause, &[], now));
        prop_assert_eq!(wanted.len(), rules.len());
        for one in wanted {
            let Outcome::Go(goes) = one.outcome else {
                prop_assert!(!one.why.is_empty());
                continue;
            };
            prop_assert!(goes >= now && goes < starts_at, "{goes} for {starts_at}");
            let wall = person.zone.as_ref().unwrap_or(&place).wall(goes);
            // The usual hours of a person are 08:00 to 20:00; the clinic's are its own.
            prop_assert!((8..20).contains(&wall.hour()), "{wall}");
            prop_assert!(wall.time() >= clinic.window.from && wall.time() < clinic.window.to, "{wall}");
            if goes != one.planned_at.max(now) {
                prop_assert!(!one.why.is_empty());
            }
        }
    }
}
