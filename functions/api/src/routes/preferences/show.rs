//! `GET /v1/people/{id}/preferences`

use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use kernel::PersonId;
use platform::Platform;

use super::view::PreferencesView;
use crate::routes::consents::known;

/// How a person wants to be written to
#[utoipa::path(
    get,
    path = "/v1/people/{id}/preferences",
    operation_id = "show_preferences",
    tag = "preferences",
    params(("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("permission consent:read"))),
    responses((status = 200, description = "The preferences.", body = PreferencesView)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
) -> Result<Versioned<PreferencesView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let person = known(&table, id).await?.id;
    let view = PreferencesView::read(&table, person).await?;
    audit::viewed(&table, &staff.actor(), "preferences.viewed", &["preferences"], [person]).await?;
    Ok(view.versioned())
}
