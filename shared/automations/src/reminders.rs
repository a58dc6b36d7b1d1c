//! Writes plans down, in the transaction that changes the visit.

mod compose;
mod rule_set;

use std::sync::Arc;

use futures::future::try_join;
use kernel::{PersonId, Timestamp};
use people::{
    Person, Replan,
    appointments::{Answer, Appointment, Status},
};
use table::{
    ClinicTable, Digest, Kept, TableFault, Write,
    keys::{PersonKey, PlanKey},
};

use crate::plan::{Cause, Clocks, Plan};
use compose::compose;
use rule_set::RuleSet;

/// How long after it was booked a visit that we hear of for the first time counts as booked just now.
const JUST_NOW: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

/// Plans the reminders of a clinic's visits.
#[derive(Debug, Clone)]
pub struct Reminders {
    table: ClinicTable,
    batch: Option<Batch>,
}

#[derive(Debug, Clone)]
struct Batch {
    rules: Arc<RuleSet>,
    since: Timestamp,
}

impl Reminders {
    /// Reads the clinic's rules for each change: for single ones.
    pub fn of(table: &ClinicTable) -> Self {
        Self { table: table.clone(), batch: None }
    }

    /// Reads the clinic's rules once: for a batch that takes seconds. A change of the rules is carried over the
    /// visits a second time after ten minutes, for those that were written with the rules of before. In a batch
    /// a visit only counts as booked just now if somebody told so: of which nobody told when it was booked, it
    /// was long ago, or the first import of a clinic would write to all its patients.
    pub async fn for_batch(table: &ClinicTable) -> Result<Self, TableFault> {
        let since = table.clock().now();
        let rules = Arc::new(RuleSet::read(table).await?);
        Ok(Self { table: table.clone(), batch: Some(Batch { rules, since }) })
    }

    async fn rules(&self) -> Result<Arc<RuleSet>, TableFault> {
        match &self.batch {
            Some(batch) => Ok(batch.rules.clone()),
            None => Ok(Arc::new(RuleSet::read(&self.table).await?)),
        }
    }

    /// Adds what has to change in a plan so that it follows from the rules as they are.
    pub(crate) async fn renew(
        &self,
        write: &mut Write,
        visit: &Appointment,
        old: Option<&Kept<Plan>>,
    ) -> Result<(), TableFault> {
        self.write_plan(write, Cause::Other, visit, None, old).await
    }

    fn cause(&self, before: Option<&Appointment>, after: &Appointment) -> Cause {
        let now = self.table.clock().now();
        let recently = now.saturating_sub(JUST_NOW).unwrap_or(now);
        // What nobody told was set to the moment at which the batch came to it.
        let told = self.batch.as_ref().is_none_or(|batch| after.created_at < batch.since);
        let moved = |before: &Appointment| {
            before.starts_at != after.starts_at || !before.is_open() && after.is_open()
        };
        match before {
            None if told && after.created_at >= recently => Cause::Booked,
            Some(before) if moved(before) => Cause::Moved,
            _ => Cause::Other,
        }
    }

    async fn write_plan(
        &self,
        write: &mut Write,
        cause: Cause,
        visit: &Appointment,
        person: Option<&Person>,
        old: Option<&Kept<Plan>>,
    ) -> Result<(), TableFault> {
        let now = self.table.clock().now();
        let ahead = visit.is_ahead(now);
        if old.is_none() && !ahead {
            return Ok(());
        }
        let rules = self.rules().await?;
        if old.is_none() && rules.in_force.is_empty() {
            return Ok(());
        }
        let basis = basis(&rules.mark, visit, ahead);
        if old.is_some_and(|old| old.basis == basis) {
            return Ok(());
        }
        let clocks = if ahead && !rules.in_force.is_empty() {
            Some(self.clocks(&rules, visit, person).await?)
        } else {
            None
        };
        let messages = compose::messages(&self.table, old).await?;
        let facts = compose::Facts {
            clinic: self.table.clinic(),
            visit,
            basis,
            rules: &rules,
            clocks: clocks.as_ref(),
            cause,
            now,
        };
        compose(write, &facts, old, &messages);
        Ok(())
    }

    async fn clocks(
        &self,
        rules: &RuleSet,
        visit: &Appointment,
        person: Option<&Person>,
    ) -> Result<Clocks, TableFault> {
        let known = async {
            match person {
                Some(_) => Ok(None),
                None => self.table.get::<Person>(&PersonKey { person: visit.person }).await,
            }
        };
        let (read, stated) = try_join(known, consent::preference(&self.table, visit.person)).await?;
        let person = person.or(read.as_deref());
        let stated = stated.and_then(|kept| kept.preference.hours.clone());
        Ok(Clocks::new(rules.consent.clone(), &rules.clinic, &visit.zone, person, stated))
    }
}

/// The facts of a visit that a plan depends on.
fn matters(
    visit: &Appointment,
) -> (u32, Timestamp, &str, Status, Answer, bool, Option<&str>, PersonId, bool) {
    (
        visit.generation,
        visit.starts_at,
        visit.zone.name(),
        visit.status,
        match visit.confirmation.answer {
            // That somebody asked changes nothing.
            Answer::Pending => Answer::Unconfirmed,
            answer => answer,
        },
        visit.out_of_reach,
        visit.service_type.as_deref(),
        visit.person,
        visit.deleted_at.is_some(),
    )
}

fn basis(rules: &Digest, visit: &Appointment, ahead: bool) -> Digest {
    Digest::of(&format!("{rules} {ahead} {:?}", matters(visit)))
}

impl Replan for Reminders {
    async fn replan(
        &self,
        write: &mut Write,
        before: Option<&Kept<Appointment>>,
        after: &Appointment,
        person: Option<&Person>,
    ) -> Result<(), TableFault> {
        if write.clinic() != Some(self.table.clinic()) {
            // Never the rules of one clinic for the visits of another.
            return Err(TableFault::Refused { operation: "replan", reason: "another clinic".to_owned() });
        }
        if before.is_some_and(|before| matters(before) == matters(after)) {
            return Ok(());
        }
        let old: Option<Kept<Plan>> = match before {
            Some(_) => self.table.get(&PlanKey { appointment: after.id }).await?,
            None => None,
        };
        let cause = self.cause(before.map(|kept| &**kept), after);
        // On the heap: writers of visits nest deeply enough without it.
        Box::pin(self.write_plan(write, cause, after, person, old.as_ref())).await
    }
}

#[cfg(test)]
#[path = "reminders_tests.rs"]
mod tests;
