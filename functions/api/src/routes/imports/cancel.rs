//! `POST /v1/imports/{id}/cancel`

use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::ImportId;
use people::imports;
use platform::Platform;

use super::view::ImportView;

/// Stop an import
///
/// What was taken in stays. Stopping it again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/imports/{id}/cancel",
    operation_id = "cancel_import",
    tag = "ways in",
    params(("id" = String, Path, description = "The import.", example = "imp_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("admin"))),
    responses(
        (status = 200, description = "It is stopped.", body = ImportView),
        (status = 409, description = "It has ended: `import_state`."),
    ),
)]
pub(super) async fn cancel(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<ImportId>,
) -> Result<Json<ImportView>, Problem> {
    let table = platform.table.of(staff.clinic);
    Ok(Json(imports::cancel(&table, &staff.actor(), id).await?.into()))
}
