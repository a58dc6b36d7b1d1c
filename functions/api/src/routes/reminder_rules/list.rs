//! `GET /v1/reminder-rules`

use automations::rules;
use axum::extract::State;
use edge::{Json, Page, Problem, Staff};
use platform::Platform;

use super::view::ReminderRule;

/// The rules that remind of visits
///
/// A clinic has at most 50, so that they come in one page.
#[utoipa::path(
    get,
    path = "/v1/reminder-rules",
    operation_id = "list_reminder_rules",
    tag = "reminders",
    extensions(("x-access" = json!("campaigns:view"))),
    responses((status = 200, description = "The rules.", body = Page<ReminderRule>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
) -> Result<Json<Page<ReminderRule>>, Problem> {
    let rules = rules::list(&platform.table.of(staff.clinic)).await?;
    Ok(Json(Page { items: rules.into_iter().map(ReminderRule::of).collect(), next: None }))
}
