//! `POST /v1/tasks/{id}/done`

use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned, not_found};
use kernel::TaskId;
use messaging::desk::finish_task;
use platform::Platform;

use super::view::TaskView;
use crate::routes::people::names::Names;

/// Mark a task as done
///
/// The first to do so stays the one who did it.
#[utoipa::path(
    post,
    path = "/v1/tasks/{id}/done",
    operation_id = "finish_task",
    tag = "desk",
    params(("id" = String, Path, description = "The task.", example = "tsk_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("messaging:send and permission comms:view_inbox"))),
    responses((status = 200, description = "The task.", body = TaskView)),
)]
pub(super) async fn finish(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<TaskId>,
) -> Result<Versioned<TaskView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let task = finish_task(&table, &staff.actor(), id).await?.ok_or_else(not_found)?;
    let names = Names::of(&table, &staff, [task.person]).await?;
    Ok(Versioned(task.rev(), TaskView::of(&task, &names)))
}

#[cfg(test)]
mod tests {
    use kernel::{Id as _, TaskId};
    use messaging::desk::{Task, TaskKind};
    use serde_json::json;

    use crate::testing::House;

    #[tokio::test]
    async fn a_task_that_was_done_leaves_the_list() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let now = house.platform.clock.now();
        let task = Task::from_cause(TaskKind::ReadReply, "msg_x", ana, now);
        house.keep(&task).await;
        house.keep(&Task::from_cause(TaskKind::Declined, "msg_y", ana, now)).await;
        let page = house.get("front_desk", "/v1/tasks?kind=READ_REPLY").await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(page["items"][0]["name"], "Ana Reyes");
        let path = format!("/v1/tasks/{}/done", task.id);
        for role in ["doctor", "front_desk"] {
            let (status, done) = house.send(role, "POST", &path, None, None).await;
            assert_eq!((status, &done["done_by"]), (200, &json!(House::caller("doctor").to_string())));
        }
        let log = house.get("clinic_admin", "/v1/audit").await;
        let done = log["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "task.finished");
        assert_eq!(done.count(), 1, "done once, whoever asks again");
        let page = house.get("front_desk", "/v1/tasks").await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(page["items"][0]["kind"], "DECLINED");
        assert_eq!(house.send("read_only", "POST", &path, None, None).await.0, 403);
        let path = format!("/v1/tasks/{}/done", TaskId::derived(&["elsewhere"]));
        assert_eq!(house.send("doctor", "POST", &path, None, None).await.0, 404);
    }
}
