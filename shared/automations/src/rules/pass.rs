//! Carrying a change of the rules into the plans of all visits ahead.
//!
//! One pass at a time: its item says which page is next, and only who finds that page there may carry on, so
//! that a job delivered twice does not run twice. A newer change begins a newer pass and ends the one before.
//! After the last page it goes over all visits once more: a visit that was being written with the rules of
//! before, or that the list did not show yet, is found then.

use std::collections::HashSet;

use jiff::SignedDuration;
use kernel::{AppointmentId, ClinicId, Clock, EventId, Job, Lane, Limit, RuleId, TemplateId, Timestamp};
use people::appointments::{self, Appointment};
use platform::Platform;
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Entity, Kept, TableFault, Write, WriteFault,
    keys::{AppointmentKey, PlanKey, RulesPassKey},
};

use super::list;
use crate::{Reminders, plan::Plan};

/// How often a write is tried that others were faster than.
pub(super) const TRIES: usize = 4;
/// How many visits one run of the job looks at.
const RUN: usize = 200;
/// When the visits are gone over once more: longer than any batch holds on to the rules it has read.
const ONCE_MORE: SignedDuration = SignedDuration::from_mins(10);

/// The rules of a clinic have changed: its visits ahead are to be planned anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleChanged {
    /// Whose.
    pub clinic: ClinicId,
    /// Which rule, if it was one.
    pub rule: Option<RuleId>,
    /// The pass.
    pub pass: EventId,
    /// Its page.
    pub page: u32,
    /// Visits from this start on; from now if absent.
    pub cursor: Option<Timestamp>,
}

impl Job for RuleChanged {
    const TYPE: &'static str = "rule_changed.1";
    const LANE: Lane = Lane::Reminders;
}

/// How far the latest change has been carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pass {
    id: EventId,
    /// The page that is next.
    page: u32,
    /// The first time or once more.
    once_more: bool,
    done: bool,
    began_at: Timestamp,
}

impl Entity for Pass {
    type Key = RulesPassKey;

    fn key(&self) -> RulesPassKey {
        RulesPassKey {}
    }
}

impl Pass {
    pub(super) async fn read(table: &ClinicTable) -> Result<Option<Kept<Self>>, TableFault> {
        table.get(&RulesPassKey {}).await
    }

    /// Adds the beginning of a pass to a transaction.
    pub(super) fn begin(write: &mut Write, before: Option<&Kept<Self>>, clock: &Clock, rule: Option<RuleId>) {
        let Some(clinic) = write.clinic() else { return };
        let now = clock.now();
        let pass = Self { id: clock.id(), page: 0, once_more: false, done: false, began_at: now };
        match before {
            Some(kept) => write.replace(kept, &pass),
            None => write.create(&pass),
        };
        pass.due(write, now, &RuleChanged { clinic, rule, pass: pass.id, page: 0, cursor: None });
    }

    fn due(&self, write: &mut Write, at: Timestamp, job: &RuleChanged) {
        write.due(at, &format!("rules/{}/{}", self.id, job.page), job);
    }
}

/// Plans all visits ahead anew, for changes of settings that plans depend on: hours of the clinic, for one.
pub async fn again(table: &ClinicTable) -> Result<(), WriteFault> {
    let mut tried = 0;
    loop {
        let pass = Pass::read(table).await?;
        let mut write = table.write();
        Pass::begin(&mut write, pass.as_ref(), table.clock(), None);
        tried += 1;
        match write.commit().await {
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            done => return done,
        }
    }
}

/// Tells that a template has a newer version; rules that follow it take it into the plans.
pub async fn template_revised(table: &ClinicTable, template: TemplateId) -> Result<(), WriteFault> {
    let follows =
        list(table).await?.iter().any(|rule| rule.enabled && rule.follow_latest && rule.template == template);
    if follows { again(table).await } else { Ok(()) }
}

/// Plans a stretch of the visits ahead anew and asks for the next one. Killed in the middle, it begins the same
/// stretch again and finds what is done already.
pub async fn run(platform: &Platform, job: &RuleChanged) -> Result<(), WriteFault> {
    let table = platform.table.of(job.clinic);
    let Some(pass) = Pass::read(&table).await? else { return Ok(()) };
    if pass.id != job.pass || pass.page != job.page || pass.done {
        return Ok(());
    }
    let now = table.clock().now();
    let stretch = plan_stretch(&table, job.cursor.unwrap_or(now).max(now)).await?;
    let mut next = Pass { page: pass.page + 1, ..(*pass).clone() };
    let mut write = table.write();
    let follow = |cursor| RuleChanged { page: next.page, cursor, ..job.clone() };
    let go_on = match stretch.next {
        Some(from) => Some((now, follow(Some(from)))),
        None if !pass.once_more => {
            let later = now.saturating_add(ONCE_MORE).unwrap_or(now);
            let follow = follow(None);
            next.once_more = true;
            Some((later, follow))
        }
        None => {
            next.done = true;
            None
        }
    };
    write.replace(&pass, &next);
    if let Some((at, job)) = &go_on {
        next.due(&mut write, *at, job);
    }
    match write.commit().await {
        // A newer change has begun a newer pass, or this page was carried on by somebody else.
        Err(fault) if fault.is_conflict() => return Ok(()),
        done => done?,
    }
    tracing::info!(
        clinic.id = %job.clinic,
        pass.id = %job.pass,
        pass.page = job.page,
        visits.seen = stretch.seen,
        visits.planned = stretch.planned,
        "visits were planned anew after a change of the rules"
    );
    if let Some((at, job)) = go_on.filter(|(at, _)| *at <= now) {
        // A hint: the due item brings the job in any case.
        if let Err(fault) = platform.queue.push(&[job.raw()]).await {
            tracing::warn!(job.at = %at, fault = %fault, "a hint was not pushed; the tick will find the work");
        }
    }
    Ok(())
}

struct Stretch {
    seen: usize,
    planned: usize,
    /// The start from which to go on.
    next: Option<Timestamp>,
}

async fn plan_stretch(table: &ClinicTable, from: Timestamp) -> Result<Stretch, WriteFault> {
    let reminders = Reminders::for_batch(table).await?;
    let mut stretch = Stretch { seen: 0, planned: 0, next: None };
    let mut done: HashSet<AppointmentId> = HashSet::new();
    let mut after = None;
    loop {
        let page =
            appointments::between(table, from, Timestamp::MAX, None, Limit::MOST, after.as_ref()).await?;
        let visits: Vec<_> = page.items.into_iter().filter(|visit| done.insert(visit.id)).collect();
        let keys: Vec<_> = visits.iter().map(|visit| PlanKey { appointment: visit.id }).collect();
        let plans = table.get_many::<Plan>(&keys).await?;
        let last = visits.last().map(|visit| visit.starts_at);
        for (visit, plan) in visits.into_iter().zip(plans) {
            stretch.seen += 1;
            stretch.planned += usize::from(plan_one(table, &reminders, visit, plan).await?);
        }
        after = page.next;
        match (&after, last) {
            (None, _) => return Ok(stretch),
            // Starts are where the next run goes on: it has to get past the one it began with.
            (Some(_), Some(last)) if stretch.seen >= RUN && last > from => {
                stretch.next = Some(last);
                return Ok(stretch);
            }
            _ => {}
        }
    }
}

/// Plans one visit anew; whether anything changed.
async fn plan_one(
    table: &ClinicTable,
    reminders: &Reminders,
    mut visit: Kept<Appointment>,
    mut plan: Option<Kept<Plan>>,
) -> Result<bool, WriteFault> {
    let mut tried = 0;
    loop {
        let mut write = table.write();
        reminders.renew(&mut write, &visit, plan.as_ref()).await?;
        if write.is_empty() {
            return Ok(false);
        }
        // What was read must still be so: a list runs behind, and the visit may change at this moment.
        write.check(&visit);
        tried += 1;
        match write.commit().await {
            Ok(()) => return Ok(true),
            Err(fault) if fault.is_conflict() && tried < TRIES => {
                let key = AppointmentKey { appointment: visit.id };
                let Some(now) = table.get(&key).await? else { return Ok(false) };
                visit = now;
                plan = table.get(&PlanKey { appointment: visit.id }).await?;
            }
            // Whoever keeps changing it plans it as well; the second round looks at it again.
            Err(fault) if fault.is_conflict() => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
}
