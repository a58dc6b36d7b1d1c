//! `GET /v1/roles/{role}/grants`

use access::{Role, RoleGrant};
use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use platform::Platform;

use super::grants::Grants;

/// What a role may do in this clinic
#[utoipa::path(
    get,
    path = "/v1/roles/{role}/grants",
    operation_id = "show_role_grants",
    tag = "access",
    params(("role" = String, Path, description = "The role.", example = "front_desk")),
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "The grants.", body = Grants)),
)]
pub(super) async fn show_grants(
    State(platform): State<Platform>,
    staff: Staff,
    Path(role): Path<Role>,
) -> Result<Versioned<Grants>, Problem> {
    let kept = RoleGrant::read(&platform.table.of(staff.clinic), role).await?;
    Ok(Grants::of(role, kept.as_ref()).versioned())
}
