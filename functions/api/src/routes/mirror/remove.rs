//! `DELETE /v1/mirror/{kind}/{source}/{id}`

use axum::extract::State;
use edge::{Json, Path, Problem, Query, Staff};
use kernel::{Detail, Timestamp};
use people::mirror::{Kind, Put};
use platform::Platform;
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::{Mirrored, take};

/// As of when it is gone.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Gone {
    /// The version over there; this or `updated_at` is required.
    version: Option<u64>,
    /// When it was deleted over there.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
}

/// Tell that something is gone in another system
///
/// A trace stays, since messages and records refer to it.
#[utoipa::path(
    delete,
    path = "/v1/mirror/{kind}/{source}/{id}",
    operation_id = "delete_mirrored",
    tag = "ways in",
    params(
        ("kind" = String, Path, description = "`person`, `appointment`, `practitioner` or `location`.",
            example = "person"),
        ("source" = String, Path, description = "The other system.", example = "pms"),
        ("id" = String, Path, description = "Its own id of the thing.", example = "P-311"),
        Gone,
    ),
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "What it did.", body = Mirrored)),
)]
pub(super) async fn remove(
    State(platform): State<Platform>,
    staff: Staff,
    Path((kind, source, id)): Path<(Kind, String, String)>,
    Query(gone): Query<Gone>,
) -> Result<Json<Mirrored>, Problem> {
    if gone.version.is_none() && gone.updated_at.is_none() {
        let wrong = [Detail::new("version", "say the version or updated_at of the source")];
        return Err(
            Problem::new(kernel::Kind::Invalid, "facts_invalid", "it does not say as of when").at(wrong)
        );
    }
    let said = Put {
        kind,
        source: &source,
        id: &id,
        version: gone.version,
        updated_at: gone.updated_at,
        data: None,
    };
    Ok(Json(take(&platform.table.of(staff.clinic), &staff, said).await?))
}
