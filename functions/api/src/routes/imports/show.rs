//! `GET /v1/imports/{id}`

use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::ImportId;
use people::imports;
use platform::Platform;

use super::view::ImportView;

/// How far an import is
#[utoipa::path(
    get,
    path = "/v1/imports/{id}",
    operation_id = "show_import",
    tag = "ways in",
    params(("id" = String, Path, description = "The import.", example = "imp_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "The import.", body = ImportView)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<ImportId>,
) -> Result<Json<ImportView>, Problem> {
    let kept = imports::get(&platform.table.of(staff.clinic), id).await?;
    Ok(Json(kept.into_value().into()))
}
