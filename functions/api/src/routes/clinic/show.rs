//! `GET /v1/clinic`

use axum::extract::State;
use edge::{Problem, Staff, Versioned, not_found};
use people::Clinic;
use platform::Platform;

use super::view::ClinicView;

/// The clinic and what it sets for its messages
///
/// A clinic that was not set up yet is not found; it is set up by putting its settings.
#[utoipa::path(
    get,
    path = "/v1/clinic",
    operation_id = "show_clinic",
    tag = "clinic",
    extensions(("x-access" = json!("any staff"))),
    responses((status = 200, description = "The clinic.", body = ClinicView)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
) -> Result<Versioned<ClinicView>, Problem> {
    let kept = Clinic::read(&platform.table.of(staff.clinic)).await?.ok_or_else(not_found)?;
    Ok(ClinicView::kept(kept).versioned())
}
