//! `DELETE /v1/reminder-rules/{id}`

use automations::rules::{self, RuleFault};
use axum::{extract::State, http::StatusCode};
use edge::{IfMatch, IfMatchHeader, Path, Problem, Staff};
use kernel::RuleId;
use platform::Platform;

use super::view::ReminderRule;

/// Put a rule away
///
/// What it has planned is taken back. Messages still point to it. Putting it away again changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/reminder-rules/{id}",
    operation_id = "archive_reminder_rule",
    tag = "reminders",
    params(
        ("id" = String, Path, description = "The rule.", example = "rul_01m8cz00000000000000000000"),
        IfMatchHeader,
    ),
    extensions(("x-access" = json!("permission comms:manage_campaigns"))),
    responses((status = 204, description = "It plans nothing any more.")),
)]
pub(super) async fn archive(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<RuleId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let table = platform.table.of(staff.clinic);
    match rules::archive(&table, &staff.actor(), id, if_match.0).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(RuleFault::Stale { .. }) => Err(Problem::stale(&ReminderRule::of(rules::get(&table, id).await?))),
        Err(fault) => Err(fault.into()),
    }
}
