//! `GET /v1/tasks`

use axum::extract::State;
use edge::{Json, Page, Problem, Query, Staff};
use kernel::{Cursor, Limit};
use messaging::desk::{Task, TaskKind};
use platform::Platform;
use serde::Deserialize;
use table::keys::OpenTasks;
use utoipa::IntoParams;

use super::view::TaskView;
use crate::routes::people::names::Names;
use crate::words;

/// Which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only this kind.
    #[param(value_type = words::TaskKind, inline, required = false, example = "READ_REPLY")]
    kind: Option<TaskKind>,
    /// How many tasks, 1 to 100.
    #[serde(default, deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// Open work for the staff, the longest waiting first
///
/// A page of one kind may be short, even empty, and still have a `next`.
#[utoipa::path(
    get,
    path = "/v1/tasks",
    operation_id = "list_tasks",
    tag = "desk",
    params(Filter),
    extensions(("x-access" = json!("messaging:view and permission comms:view_inbox"))),
    responses((status = 200, description = "A page of open tasks.", body = Page<TaskView>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<TaskView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let (span, after) = (OpenTasks::all(), filter.cursor.as_ref());
    let page = match filter.kind {
        None => table.list::<Task>(&span, filter.limit, after).await?,
        Some(kind) => table.list_where(&span, filter.limit, after, |task: &Task| task.kind == kind).await?,
    };
    let persons: Vec<_> = page.items.iter().map(|task| task.person).collect();
    let names = Names::of(&table, &staff, persons.iter().copied()).await?;
    audit::viewed(&table, &staff.actor(), "tasks.viewed", &["names", "tasks"], persons).await?;
    Ok(Json(Page::of(page, |task| TaskView::of(&task, &names))))
}
