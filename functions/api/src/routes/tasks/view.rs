//! A task as it is shown.

use kernel::{AppointmentId, MessageId, PersonId, TaskId, Timestamp};
use messaging::desk::{Task, TaskKind};
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

use crate::routes::people::names::Names;

/// Work for a member of the staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "tsk_01m8cz00000000000000000000",
    "version": 1,
    "kind": "READ_REPLY",
    "person": "per_01m8cz00000000000000000000",
    "name": "Ana Reyes",
    "message": "msg_01m8cz00000000000000000000",
    "at": "2026-11-22T15:00:00Z"
}))]
pub(super) struct TaskView {
    #[schema(value_type = String)]
    id: TaskId,
    version: u64,
    /// `READ_REPLY`, `RESCHEDULE`, `DECLINED`, `CHECK_OPT_OUT`, `WRONG_NUMBER` or `LATE_REPLY`.
    #[schema(value_type = String)]
    kind: TaskKind,
    #[schema(value_type = String)]
    person: PersonId,
    /// For those who may see who patients are.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The message it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    message: Option<MessageId>,
    /// The visit it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    appointment: Option<AppointmentId>,
    /// When it came up.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_by: Option<String>,
}

impl TaskView {
    pub(super) fn of(kept: &Kept<Task>, names: &Names) -> Self {
        let (done_at, done_by) = kept.done.clone().unzip();
        Self {
            id: kept.id,
            version: kept.rev(),
            kind: kept.kind,
            person: kept.person,
            name: names.get(kept.person),
            message: kept.message,
            appointment: kept.appointment,
            at: kept.at,
            done_at,
            done_by,
        }
    }
}
