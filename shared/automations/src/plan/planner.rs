//! From rules and facts to what is wanted. Pure: the same facts give the same plan.

use jiff::SignedDuration;
use kernel::{RuleId, Timestamp};
use messaging::Route;
use people::appointments::{Answer, Appointment};

use super::{Clocks, Reason, Why};
use crate::rules::{Late, Rule};

/// How many messages a plan can have. Planning anew takes two items of a transaction for each old and each new
/// one and stays far below the hundred there is room for.
pub const MOST_MESSAGES: usize = 12;

/// What is moved to a later moment still leaves the patient this long before the visit, if an earlier moment
/// can be had instead.
const LEAST_NOTICE: SignedDuration = SignedDuration::from_mins(30);

/// A rule that is switched on, as it holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The rule.
    pub rule: Rule,
    /// Its revision.
    pub version: u64,
    /// The version of the template it takes now.
    pub template_version: u32,
}

/// Why a plan is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The visit was booked just now.
    Booked,
    /// The visit is at another time now, or takes place after all.
    Moved,
    /// Anything else: a rule, a fact of the visit, an import of what was booked long ago. Moments that have
    /// passed are not made up for.
    Other,
}

/// A message that was planned for a moment and has not gone out: it waits for open hours. That its moment has
/// passed does not make it void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Of which rule.
    pub rule: RuleId,
    /// By which way.
    pub route: Route,
    /// For which moment.
    pub planned_at: Timestamp,
}

/// What is wanted of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A message at this time.
    Go(Timestamp),
    /// None; the reasons tell why.
    No,
}

/// What one rule wants for the visit, by one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The rule.
    pub rule: &'a InForce,
    /// By which way.
    pub route: Route,
    /// When the rule means it to go out.
    pub planned_at: Timestamp,
    /// Whether it does.
    pub outcome: Outcome,
    /// It goes out as soon as it can, since its moment has passed.
    pub overdue: bool,
    /// Why it is so.
    pub why: Vec<Reason>,
}

/// What the rules want for a visit that is ahead, in order of the time it is meant for; nothing for any other.
/// Rules that are for other services leave no trace.
pub fn plan<'a>(
    rules: &'a [InForce],
    visit: &Appointment,
    clocks: &Clocks,
    cause: Cause,
    owed: &[Owed],
    now: Timestamp,
) -> Vec<Wanted<'a>> {
    if !visit.is_ahead(now) {
        return Vec::new();
    }
    let service = visit.service_type.as_deref();
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.rule.is_for(service)) {
        let special =
            |other: &InForce| other.rule.timing == rule.rule.timing && other.rule.is_especially_for(service);
        let displaced = rule.rule.service_types.is_empty() && rules.iter().any(special);
        for route in rule.rule.channels.routes() {
            let planned_at = rule.rule.timing.meant(visit);
            let mut one =
                Wanted { rule, route, planned_at, outcome: Outcome::No, overdue: false, why: Vec::new() };
            let against =
                if displaced { Some(Why::TypeRuleApplies) } else { stands_against(&rule.rule, visit) };
            match against {
                Some(why) => one.why.push(Reason::of(why)),
                None => one.find_time(visit, clocks, cause, owed, now),
            }
            wanted.push(one);
        }
    }
    wanted.sort_by_key(|one| (one.planned_at, one.rule.rule.id));
    let mut messages = 0;
    for one in &mut wanted {
        if matches!(one.outcome, Outcome::Go(_)) {
            messages += 1;
            if messages > MOST_MESSAGES {
                one.outcome = Outcome::No;
                one.why = vec![Reason::of(Why::TooManySteps)];
            }
        }
    }
    wanted
}

/// What about the visit makes the message pointless, whatever the time.
fn stands_against(rule: &Rule, visit: &Appointment) -> Option<Why> {
    if !rule.statuses.contains(&visit.status) {
        return Some(Why::StatusNotReminded);
    }
    if visit.out_of_reach && !rule.out_of_reach {
        return Some(Why::OutOfReach);
    }
    match visit.confirmation.answer {
        Answer::Confirmed if rule.skip_if_confirmed => Some(Why::AlreadyConfirmed),
        Answer::Declined => Some(Why::Declined),
        _ => None,
    }
}

impl Wanted<'_> {
    fn find_time(
        &mut self,
        visit: &Appointment,
        clocks: &Clocks,
        cause: Cause,
        owed: &[Owed],
        now: Timestamp,
    ) {
        let rule = &self.rule.rule;
        let from_booking = rule.timing.is_from_booking();
        let mut meant = self.planned_at;
        if meant <= now {
            let waits = owed.iter().any(|one| {
                one.rule == rule.id && one.route == self.route && one.planned_at == self.planned_at
            });
            let refused = match cause {
                _ if waits => None,
                Cause::Booked if from_booking => None,
                Cause::Booked | Cause::Moved if !from_booking => match rule.late {
                    Late::SendNow => {
                        self.why.push(Reason::moved(Why::SentLate, meant, now));
                        None
                    }
                    Late::Skip => Some(Why::BookedTooLate),
                },
                _ => Some(Why::Past),
            };
            if let Some(why) = refused {
                self.why.push(Reason::of(why));
                return;
            }
            meant = now;
            self.overdue = true;
        }
        match open_moment(visit, clocks, &self.route, meant, now, from_booking) {
            Ok((at, shifted)) => {
                self.outcome = Outcome::Go(at);
                self.why.extend(shifted.map(|why| Reason::moved(why, meant, at)));
            }
            Err(why) => self.why.push(Reason::of(why)),
        }
    }
}

/// The moment at which something meant for `meant` can go out, and why it is another. Never after the start of
/// the visit and never before now.
fn open_moment(
    visit: &Appointment,
    clocks: &Clocks,
    route: &Route,
    meant: Timestamp,
    now: Timestamp,
    from_booking: bool,
) -> Result<(Timestamp, Option<Why>), Why> {
    let start = visit.starts_at;
    let windows = clocks.windows(route, visit.zone.wall(meant.min(start)).date());
    if meant < start && windows.are_open(meant) {
        return Ok((meant, None));
    }
    let second = SignedDuration::from_secs(1);
    let last = start.saturating_sub(second).unwrap_or(start);
    if meant < start {
        let in_time = start.saturating_sub(LEAST_NOTICE).unwrap_or(start);
        if let Ok(at) = windows.next_open(meant, Some(in_time)) {
            return Ok((at, Some(Why::ShiftedOutOfQuietHours)));
        }
    } else if from_booking {
        // What follows a booking has no earlier moment than the booking: it has become pointless.
        return Err(Why::AfterTheVisit);
    }
    if let Some(at) = windows.previous_open(meant.min(start), now, clocks.margin()) {
        return Ok((at, Some(Why::ShiftedBeforeTheVisit)));
    }
    // There is none before: better shortly before the visit than not at all.
    let late = (meant < start).then(|| windows.next_open(meant, Some(last)).ok()).flatten();
    late.map(|at| (at, Some(Why::ShiftedOutOfQuietHours))).ok_or(Why::NoWindow)
}

#[cfg(test)]
#[path = "planner_tests.rs"]
mod tests;
