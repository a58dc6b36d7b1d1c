//! `GET /v1/appointments/{id}`

use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use kernel::AppointmentId;
use platform::Platform;

use super::view::{AppointmentView, read};
use crate::routes::people::names::Names;

/// One visit
#[utoipa::path(
    get,
    path = "/v1/appointments/{id}",
    operation_id = "show_appointment",
    tag = "appointments",
    params(("id" = String, Path, description = "The visit.", example = "apt_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("permission patient:read"))),
    responses((status = 200, description = "The visit.", body = AppointmentView)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<AppointmentId>,
) -> Result<Versioned<AppointmentView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let kept = read(&table, id).await?;
    let names = Names::of(&table, &staff, [kept.person]).await?;
    audit::viewed(&table, &staff.actor(), "appointment.viewed", &["name", "appointment"], [kept.person])
        .await?;
    Ok(Versioned(kept.rev(), AppointmentView::of(&kept, &staff, &names)))
}
