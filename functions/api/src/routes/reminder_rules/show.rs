//! `GET /v1/reminder-rules/{id}`

use automations::rules;
use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use kernel::RuleId;
use platform::Platform;

use super::view::ReminderRule;

/// One rule
#[utoipa::path(
    get,
    path = "/v1/reminder-rules/{id}",
    operation_id = "show_reminder_rule",
    tag = "reminders",
    params(("id" = String, Path, description = "The rule.", example = "rul_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("campaigns:view"))),
    responses((status = 200, description = "The rule.", body = ReminderRule)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<RuleId>,
) -> Result<Versioned<ReminderRule>, Problem> {
    Ok(ReminderRule::versioned(rules::get(&platform.table.of(staff.clinic), id).await?))
}
