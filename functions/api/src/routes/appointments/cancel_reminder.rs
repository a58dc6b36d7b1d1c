//! `POST /v1/appointments/{id}/reminders/{step}/cancel`

use automations::steps::cancel_one;
use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::AppointmentId;
use platform::Platform;

use super::reminders::ReminderPlan;

/// Take one reminder of a visit back
///
/// It stays back until the visit is moved; taking it back again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/appointments/{id}/reminders/{step}/cancel",
    operation_id = "cancel_reminder",
    tag = "reminders",
    params(
        ("id" = String, Path, description = "The visit.", example = "apt_01m8cz00000000000000000000"),
        ("step" = u32, Path, description = "The step of the plan.", example = 1),
    ),
    extensions(("x-access" = json!("messaging:edit"))),
    responses(
        (status = 200, description = "The plan as it is now.", body = ReminderPlan),
        (status = 409, description = "Its message is on its way or has ended, or it has none: `message_too_late`, \
            `step_not_planned`."),
    ),
)]
pub(super) async fn cancel_reminder(
    State(platform): State<Platform>,
    staff: Staff,
    Path((id, step)): Path<(AppointmentId, u32)>,
) -> Result<Json<ReminderPlan>, Problem> {
    let table = platform.table.of(staff.clinic);
    cancel_one(&table, &staff.actor(), id, step).await?;
    Ok(Json(ReminderPlan::of(&table, id).await?))
}
