//! `GET /v1/appointments/{id}/reminders`

use automations::{
    plan::{Reason, StepState},
    steps::{Shown, View, view},
};
use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::{AppointmentId, MessageId, RuleId, TemplateId, Timestamp};
use messaging::{Ended, Route};
use platform::Platform;
use serde::Serialize;
use table::ClinicTable;
use utoipa::ToSchema;

use super::view::read;

/// The reminders of a visit: what is planned, what became of it, what is not sent and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "appointment": "apt_01m8cz00000000000000000000",
    "generation": 0,
    "steps": [{
        "n": 1,
        "rule": "rul_01m8cz00000000000000000000",
        "rule_name": "Two days before",
        "route": ["SMS"],
        "template": "tpl_01m8cz00000000000000000000",
        "template_version": 1,
        "asks_confirmation": true,
        "planned_at": "2026-11-22T19:30:00Z",
        "send_at": "2026-11-22T19:30:00Z",
        "state": "PLANNED",
        "message": "msg_01m8cz00000000000000000000",
        "status": "SCHEDULED",
        "why": []
    }],
    "earlier": []
}))]
pub(super) struct ReminderPlan {
    #[schema(value_type = String)]
    appointment: AppointmentId,
    /// Counts the changes of the visit that make planned messages wrong; absent without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    /// In order of the time they are meant for.
    steps: Vec<ReminderStep>,
    /// Steps of earlier plans that had a message, the latest last.
    earlier: Vec<ReminderStep>,
}

/// One step of a plan: what one rule means for the visit, by one way.
#[derive(Debug, Serialize, ToSchema)]
struct ReminderStep {
    /// Names it within the plan.
    n: u32,
    #[schema(value_type = String)]
    rule: RuleId,
    rule_name: String,
    /// The channels it may take, in order; none stands for the recipient's own order.
    route: Vec<&'static str>,
    #[schema(value_type = String)]
    template: TemplateId,
    template_version: u32,
    /// It asks whether the patient will come.
    asks_confirmation: bool,
    /// When the rule meant it to go out.
    #[schema(value_type = String, format = DateTime)]
    planned_at: Timestamp,
    /// When it is to go out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    send_at: Option<Timestamp>,
    /// `PLANNED`, or `NOT_PLANNED` for the reasons in `why`.
    #[schema(value_type = String)]
    state: StepState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    message: Option<MessageId>,
    /// How far its message is.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// When its message came into that status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Why its message ended or waits: `code` and `says`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    because: Option<Ended>,
    /// Why it is as it is: `code`, `says` and, of a move, `from` and `to`.
    #[schema(value_type = Vec<Object>)]
    why: Vec<Reason>,
}

impl From<Shown> for ReminderStep {
    fn from(shown: Shown) -> Self {
        let Shown { step, status, ended, since } = shown;
        let route = match &step.route {
            Route::Auto => Vec::new(),
            Route::FirstOf(channels) => channels.iter().map(|channel| channel.name()).collect(),
            Route::Only(channel) => vec![channel.name()],
        };
        Self {
            n: step.n,
            rule: step.rule,
            rule_name: step.rule_name,
            route,
            template: step.template,
            template_version: step.template_version,
            asks_confirmation: step.asks_confirmation,
            planned_at: step.planned_at,
            send_at: step.send_at,
            state: step.state,
            message: step.message,
            status: status.map(messaging::Status::name),
            since,
            because: ended,
            why: step.why,
        }
    }
}

impl ReminderPlan {
    pub(super) async fn of(table: &ClinicTable, appointment: AppointmentId) -> Result<Self, Problem> {
        let View { appointment, generation, steps, earlier } = view(table, appointment).await?;
        let shown = |steps: Vec<Shown>| steps.into_iter().map(ReminderStep::from).collect();
        Ok(Self { appointment, generation, steps: shown(steps), earlier: shown(earlier) })
    }
}

/// The reminders of a visit, with reasons
#[utoipa::path(
    get,
    path = "/v1/appointments/{id}/reminders",
    operation_id = "show_reminders",
    tag = "reminders",
    params(("id" = String, Path, description = "The visit.", example = "apt_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The plan.", body = ReminderPlan)),
)]
pub(super) async fn reminders(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<AppointmentId>,
) -> Result<Json<ReminderPlan>, Problem> {
    let table = platform.table.of(staff.clinic);
    let visit = read(&table, id).await?;
    audit::viewed(&table, &staff.actor(), "reminders.viewed", &["reminders"], [visit.person]).await?;
    Ok(Json(ReminderPlan::of(&table, id).await?))
}

#[cfg(test)]
mod tests {
    use kernel::{AppointmentId, Id as _};
    use serde_json::json;

    use crate::testing::House;

    /// E-16
    #[tokio::test]
    async fn a_plan_shows_what_goes_out_when_and_what_does_not_and_why() {
        let house = House::open().await;
        house.reminded().await;
        let (_, visit) = house.visit("a1", "2026-11-26T19:30:00Z").await;
        let plan = house.get("read_only", &format!("/v1/appointments/{visit}/reminders")).await;
        assert_eq!(plan["steps"].as_array().unwrap().len(), 1);
        let step = &plan["steps"][0];
        assert_eq!((&step["state"], &step["status"]), (&json!("PLANNED"), &json!("SCHEDULED")));
        assert_eq!((&step["planned_at"], &step["route"]), (&json!("2026-11-24T19:30:00Z"), &json!(["SMS"])));
        let (_, near) = house.visit("a2", "2026-11-23T19:30:00Z").await;
        let plan = house.get("read_only", &format!("/v1/appointments/{near}/reminders")).await;
        assert_eq!(plan["steps"][0]["state"], "NOT_PLANNED", "{plan}");
        assert!(plan["steps"][0]["why"][0]["says"].is_string());
        let nobody = format!("/v1/appointments/{}/reminders", AppointmentId::derived(&["elsewhere"]));
        assert_eq!(house.send("doctor", "GET", &nobody, None, None).await.0, 404);
    }
}
