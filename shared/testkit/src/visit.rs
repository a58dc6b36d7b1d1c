//! Visits.

use automations::{
    Reminders,
    plan::{Plan, Step, StepState},
};
use kernel::{AppointmentId, MessageId};
use messaging::Message;
use people::{
    Appointment,
    appointments::{self, Answer, Change, Status},
    mirror::Kind,
};
use serde_json::json;
use table::{
    Kept,
    keys::{AppointmentKey, PlanKey},
};

use crate::{House, staff};

/// A visit of a patient.
pub struct Visit<'h> {
    pub(crate) house: &'h House,
    /// The id in the clinic's other system.
    pub key: String,
    /// Our id.
    pub id: AppointmentId,
}

impl Visit<'_> {
    /// The record as it is.
    pub async fn record(&self) -> Kept<Appointment> {
        self.house.table.get(&AppointmentKey { appointment: self.id }).await.unwrap().unwrap()
    }

    /// What the patient said about coming.
    pub async fn answer(&self) -> Answer {
        self.record().await.confirmation.answer
    }

    /// The clinic's other system moves it to another time on the wall.
    pub async fn moves(&self, wall: &str) {
        let data = json!({ "starts_at": format!("{wall}:00"), "minutes": 30 });
        self.house.mirror_says(Kind::Appointment, &self.key, &data).await;
    }

    /// The clinic's other system gives it another status.
    pub async fn becomes(&self, status: Status) {
        self.house.mirror_says(Kind::Appointment, &self.key, &json!({ "status": status.name() })).await;
    }

    /// Staff changes it.
    pub async fn changes(&self, change: Change) {
        let house = self.house;
        let plan = Reminders::of(&house.table);
        appointments::change(&house.table, &plan, &staff(), self.id, None, &change).await.unwrap();
    }

    /// What is planned for it.
    pub async fn plan(&self) -> Kept<Plan> {
        self.house.table.get(&PlanKey { appointment: self.id }).await.unwrap().expect("a plan")
    }

    /// The messages that are planned for it now, in the order of their steps.
    pub async fn planned(&self) -> Vec<MessageId> {
        let plan = self.plan().await;
        let planned = |step: &&Step| step.state == StepState::Planned;
        plan.steps.iter().filter(planned).filter_map(|step| step.message).collect()
    }

    /// The one message that is planned for it.
    pub async fn reminder(&self) -> Kept<Message> {
        let planned = self.planned().await;
        assert_eq!(planned.len(), 1, "one message is planned: {planned:?}");
        self.house.message(planned[0]).await
    }
}
