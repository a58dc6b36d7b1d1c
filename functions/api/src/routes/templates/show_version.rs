//! `GET /v1/templates/{id}/versions/{number}`

use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::TemplateId;
use platform::Platform;

use super::versions::VersionView;

/// What a template said in one version
#[utoipa::path(
    get,
    path = "/v1/templates/{id}/versions/{number}",
    operation_id = "show_template_version",
    tag = "templates",
    params(
        ("id" = String, Path, description = "The template.", example = "tpl_01m8cz00000000000000000000"),
        ("number" = u32, Path, description = "The version, counted from 1.", example = 2)
    ),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The version.", body = VersionView)),
)]
pub(super) async fn show_version(
    State(platform): State<Platform>,
    staff: Staff,
    Path((id, number)): Path<(TemplateId, u32)>,
) -> Result<Json<VersionView>, Problem> {
    let version = templates::version(&platform.table.of(staff.clinic), id, number).await?;
    Ok(Json(VersionView::of(version)))
}
