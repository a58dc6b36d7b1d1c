//! `POST /v1/imports/{id}/start`

use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::ImportId;
use people::imports;
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::ImportView;

/// On trial, or for good.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "dry_run": true }))]
pub(super) struct StartImport {
    /// Read the file and tell what would happen; `false` takes it in, once the trial is over.
    dry_run: bool,
}

/// Start an import, on trial or for good
///
/// Starting it again while it is under way changes nothing.
#[utoipa::path(
    post,
    path = "/v1/imports/{id}/start",
    operation_id = "start_import",
    tag = "ways in",
    params(("id" = String, Path, description = "The import.", example = "imp_01m8cz00000000000000000000")),
    request_body = StartImport,
    extensions(("x-access" = json!("admin"))),
    responses(
        (status = 200, description = "The import.", body = ImportView),
        (status = 409, description = "Its file has not arrived, or its state does not allow it: \
            `import_file_missing`, `import_state`."),
    ),
)]
pub(super) async fn start(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<ImportId>,
    Json(wanted): Json<StartImport>,
) -> Result<Json<ImportView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let import = if wanted.dry_run {
        imports::check(&platform, &table, &staff.actor(), id).await?
    } else {
        imports::run(&platform, &table, &staff.actor(), id).await?
    };
    Ok(Json(import.into()))
}
