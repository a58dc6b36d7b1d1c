//! `GET /v1/imports/{id}/errors`

use axum::extract::State;
use edge::{Json, Page, Paging, Path, Problem, Query, Staff};
use kernel::{ImportId, PersonId};
use people::imports::{self, Finding};
use platform::Platform;
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

use super::view::FaultView;

/// What was found in a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "row": 17,
    "refused": [{ "at": "AppointmentDay", "says": "must be a time such as 2026-03-08T09:00:00" }],
    "left_out": []
}))]
pub(super) struct FindingView {
    /// The first after the header is 1.
    row: u64,
    /// Why nothing of it was taken.
    refused: Vec<FaultView>,
    /// What was left out.
    left_out: Vec<FaultView>,
    /// The person of the row, if nobody can reach them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    unreachable: Option<PersonId>,
    /// Why nobody can, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreachable_because: Option<String>,
}

impl From<Kept<Finding>> for FindingView {
    fn from(kept: Kept<Finding>) -> Self {
        let finding = kept.into_value();
        Self {
            row: finding.row,
            refused: finding.refused.into_iter().map(|p| FaultView { at: p.at, says: p.says }).collect(),
            left_out: finding.left_out.into_iter().map(|p| FaultView { at: p.at, says: p.says }).collect(),
            unreachable: finding.unreachable,
            unreachable_because: finding.unreachable_because,
        }
    }
}

/// What was found in the rows of an import, by row
#[utoipa::path(
    get,
    path = "/v1/imports/{id}/errors",
    operation_id = "list_import_errors",
    tag = "ways in",
    params(
        ("id" = String, Path, description = "The import.", example = "imp_01m8cz00000000000000000000"),
        Paging,
    ),
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "A page of findings.", body = Page<FindingView>)),
)]
pub(super) async fn findings(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<ImportId>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<FindingView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    imports::get(&table, id).await?;
    let page = imports::findings(&table, id, paging.limit, paging.cursor.as_ref()).await?;
    Ok(Json(Page::of(page, FindingView::from)))
}
