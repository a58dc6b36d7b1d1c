//! `GET /v1/imports`

use axum::extract::State;
use edge::{Json, Page, Paging, Problem, Query, Staff};
use people::imports;
use platform::Platform;
use table::Kept;

use super::view::ImportView;

/// The imports of the clinic, the latest first
#[utoipa::path(
    get,
    path = "/v1/imports",
    operation_id = "list_imports",
    tag = "ways in",
    params(Paging),
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "A page of imports.", body = Page<ImportView>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ImportView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let page = imports::list(&table, paging.limit, paging.cursor.as_ref()).await?;
    Ok(Json(Page::of(page, |kept| Kept::into_value(kept).into())))
}
