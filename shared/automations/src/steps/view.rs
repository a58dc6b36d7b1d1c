//! The plan of a visit with what became of its messages.

use kernel::{AppointmentId, Timestamp};
use messaging::{Ended, Message, Status};
use serde::Serialize;
use table::{
    ClinicTable, Kept,
    keys::{AppointmentKey, MessageKey, PlanKey},
};

use super::StepFault;
use crate::plan::{Plan, Step};

/// A step as staff sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// How far its message is; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Why its message ended or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// When its message came into that status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// The plan of a visit as staff sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// The visit.
    pub appointment: AppointmentId,
    /// The generation of the visit that the plan is for; absent without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// The steps, in order of the time they are meant for.
    pub steps: Vec<Shown>,
    /// Steps of earlier plans that had a message, the latest last.
    pub earlier: Vec<Shown>,
}

/// The plan of a visit, with the status of each message and the reasons. A visit without a plan has no steps.
pub async fn view(table: &ClinicTable, appointment: AppointmentId) -> Result<View, StepFault> {
    let plan: Option<Kept<Plan>> = table.get(&PlanKey { appointment }).await?;
    let Some(plan) = plan.map(Kept::into_value) else {
        let visit = table.get::<people::Appointment>(&AppointmentKey { appointment }).await?;
        visit.ok_or(StepFault::NotFound(appointment))?;
        return Ok(View { appointment, generation: None, steps: Vec::new(), earlier: Vec::new() });
    };
    let ids = plan.steps.iter().chain(&plan.earlier).filter_map(|step| step.message);
    let keys: Vec<_> = ids.map(|message| MessageKey { message }).collect();
    let messages: Vec<_> = table.get_many::<Message>(&keys).await?.into_iter().flatten().collect();
    let show = |step: Step| {
        let message = messages.iter().find(|message| Some(message.id) == step.message);
        Shown {
            status: message.map(|message| message.status),
            ended: message.and_then(|message| message.ended.clone()),
            since: message.and_then(|message| message.times.get(&message.status).copied()),
            step,
        }
    };
    Ok(View {
        appointment,
        generation: Some(plan.generation),
        steps: plan.steps.into_iter().map(show).collect(),
        earlier: plan.earlier.into_iter().map(show).collect(),
    })
}
