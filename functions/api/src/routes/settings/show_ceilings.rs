//! `GET /v1/settings/channel-ceilings`

use axum::extract::State;
use edge::{Problem, Staff, Versioned};
use platform::Platform;

use super::ceilings::CeilingsView;

/// How much each channel may tell about a patient
#[utoipa::path(
    get,
    path = "/v1/settings/channel-ceilings",
    operation_id = "show_channel_ceilings",
    tag = "settings",
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The ceilings.", body = CeilingsView)),
)]
pub(super) async fn show_ceilings(
    State(platform): State<Platform>,
    staff: Staff,
) -> Result<Versioned<CeilingsView>, Problem> {
    let kept = templates::kept_ceilings(&platform.table.of(staff.clinic)).await?;
    Ok(CeilingsView::of(&kept).versioned())
}
