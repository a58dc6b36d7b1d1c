//! `PUT /v1/reminder-rules/{id}`

use automations::rules::{self, RuleFault};
use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use kernel::RuleId;
use platform::Platform;

use super::view::{ReminderRule, SetRule};

/// Change a rule
///
/// What it says takes the place of what there was; the visits ahead are planned anew.
#[utoipa::path(
    put,
    path = "/v1/reminder-rules/{id}",
    operation_id = "change_reminder_rule",
    tag = "reminders",
    params(
        ("id" = String, Path, description = "The rule.", example = "rul_01m8cz00000000000000000000"),
        IfMatchHeader,
    ),
    request_body = SetRule,
    extensions(("x-access" = json!("permission comms:manage_campaigns"))),
    responses((status = 200, description = "The rule as it is now.", body = ReminderRule)),
)]
pub(super) async fn change(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<RuleId>,
    if_match: IfMatch,
    Json(wanted): Json<SetRule>,
) -> Result<Versioned<ReminderRule>, Problem> {
    let table = platform.table.of(staff.clinic);
    match rules::change(&table, &staff.actor(), id, if_match.0, &wanted.into()).await {
        Ok(kept) => Ok(ReminderRule::versioned(kept)),
        Err(RuleFault::Stale { .. }) => Err(Problem::stale(&ReminderRule::of(rules::get(&table, id).await?))),
        Err(fault) => Err(fault.into()),
    }
}
