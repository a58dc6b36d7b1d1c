//! `GET /v1/settings/consent`

use axum::extract::State;
use edge::{Problem, Staff, Versioned};
use platform::Platform;

use super::consent::ConsentSettingsView;

/// The clinic's own rules of consent, and its default channels
#[utoipa::path(
    get,
    path = "/v1/settings/consent",
    operation_id = "show_consent_settings",
    tag = "settings",
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The settings.", body = ConsentSettingsView)),
)]
pub(super) async fn show_consent(
    State(platform): State<Platform>,
    staff: Staff,
) -> Result<Versioned<ConsentSettingsView>, Problem> {
    let kept = ::consent::settings(&platform.table.of(staff.clinic)).await?;
    Ok(ConsentSettingsView::of(kept).versioned())
}
