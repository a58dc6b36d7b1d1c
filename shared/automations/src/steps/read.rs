//! A step with all that belongs to it, as it is now.

use kernel::AppointmentId;
use messaging::Message;
use people::Appointment;
use table::{
    ClinicTable, Kept,
    keys::{AppointmentKey, MessageKey, PlanKey},
};

use super::StepFault;
use crate::plan::{Plan, Step};

pub(super) struct Found {
    pub(super) visit: Kept<Appointment>,
    pub(super) plan: Kept<Plan>,
    index: usize,
    pub(super) message: Option<Kept<Message>>,
}

impl Found {
    pub(super) async fn read(table: &ClinicTable, id: AppointmentId, n: u32) -> Result<Self, StepFault> {
        let visit = table.get(&AppointmentKey { appointment: id }).await?.ok_or(StepFault::NotFound(id))?;
        let no_step = || StepFault::NoStep { appointment: id, n };
        let plan: Kept<Plan> = table.get(&PlanKey { appointment: id }).await?.ok_or_else(no_step)?;
        let index = plan.steps.iter().position(|step| step.n == n).ok_or_else(no_step)?;
        let message = match plan.steps[index].message {
            Some(message) => table.get(&MessageKey { message }).await?,
            None => None,
        };
        Ok(Self { visit, plan, index, message })
    }

    pub(super) fn step(&self) -> &Step {
        &self.plan.steps[self.index]
    }

    /// The plan with this step changed.
    pub(super) fn plan_with(&self, change: impl FnOnce(&mut Step)) -> Plan {
        let mut plan = (*self.plan).clone();
        change(&mut plan.steps[self.index]);
        plan
    }
}
