//! The desk: what did not reach anybody and why, and work for staff.

use audit::{Actor, Who};
use kernel::{AppointmentId, Channel, Id, MessageId, PersonId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Entity, Kept, TableFault, Write, WriteFault,
    keys::{NotSentByTime, NotSentKey, OpenTasks, Place, TaskKey},
};

use crate::{Message, Status};

/// A message that did not reach anybody, as the desk sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSent {
    /// The message.
    pub message: MessageId,
    /// Whom it concerned.
    pub person: PersonId,
    /// How it ended: `SKIPPED`, `EXPIRED`, `FAILED`, `BOUNCED` or `UNKNOWN`.
    pub status: Status,
    /// The way it was to take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Why, as a stable code.
    pub code: String,
    /// Why, as a sentence.
    pub says: String,
    /// When it was noticed.
    pub at: Timestamp,
    /// How it was settled: by a later receipt, or by a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
}

impl Entity for NotSent {
    type Key = NotSentKey;

    fn key(&self) -> NotSentKey {
        NotSentKey { message: self.message }
    }

    fn listed(&self) -> Option<Place> {
        self.resolved.is_none().then(|| NotSentByTime { at: self.at, message: self.message }.into())
    }
}

impl NotSent {
    /// Whether a message in this status belongs on the desk.
    pub(crate) fn wants(status: Status) -> bool {
        matches!(
            status,
            Status::Skipped | Status::Expired | Status::Failed | Status::Bounced | Status::Unknown
        )
    }

    /// What the desk shows of a message that ended, or of one that was settled after all.
    pub(crate) fn of(message: &Message, at: Timestamp) -> Self {
        let error = message.attempts.last().and_then(|attempt| attempt.error.as_ref());
        let (code, says) = match (&message.ended, error) {
            (Some(ended), _) => (ended.code.clone(), ended.says.clone()),
            (None, Some(error)) => {
                (error.code.clone().unwrap_or_else(|| message.status.name().to_owned()), error.says.clone())
            }
            (None, None) => (message.status.name().to_owned(), "nobody knows whether it was sent".to_owned()),
        };
        let resolved = (!Self::wants(message.status)).then(|| format!("it is {}", message.status.name()));
        Self {
            message: message.id,
            person: message.person,
            status: message.status,
            channel: message.channel,
            code,
            says,
            at,
            resolved,
        }
    }
}

/// What staff is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskKind {
    /// Read an answer that could not be understood.
    ReadReply,
    /// Find another time for a visit.
    Reschedule,
    /// A patient will not come.
    Declined,
    /// An opt-out may have been meant for a visit, or may be a mistake.
    CheckOptOut,
    /// The number seems to belong to somebody else.
    WrongNumber,
    /// An answer came to a visit that is over or was called off.
    LateReply,
}

/// Work for a member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The id; derived from what caused it, so that the same cause makes no second task.
    pub id: TaskId,
    /// What to do.
    pub kind: TaskKind,
    /// For whom.
    pub person: PersonId,
    /// Which message it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Which visit it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<AppointmentId>,
    /// When it came up.
    pub at: Timestamp,
    /// When and by whom it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<(Timestamp, String)>,
}

impl Entity for Task {
    type Key = TaskKey;

    fn key(&self) -> TaskKey {
        TaskKey { task: self.id }
    }

    fn listed(&self) -> Option<Place> {
        self.done.is_none().then(|| OpenTasks { at: self.at, task: self.id }.into())
    }
}

impl Task {
    /// A task that a message, or a link followed, gives rise to.
    pub fn from_cause(kind: TaskKind, cause: &str, person: PersonId, at: Timestamp) -> Self {
        let id = TaskId::derived_at(at, &[&format!("{kind:?}"), cause]);
        Self { id, kind, person, message: None, appointment: None, at, done: None }
    }

    /// Adds the task to a transaction; one that is there already, perhaps done, stays as it is.
    pub async fn raise(&self, table: &ClinicTable, write: &mut Write) -> Result<(), TableFault> {
        if table.get::<Self>(&self.key()).await?.is_none() {
            write.create(self);
        }
        Ok(())
    }
}

/// Marks a task as done, with the entry of the log in the same transaction; the first to do so stays the one who
/// did it. `None` if there is no such task.
pub async fn finish_task(
    table: &ClinicTable,
    actor: &Actor,
    id: TaskId,
) -> Result<Option<Kept<Task>>, WriteFault> {
    let Some(kept) = table.get::<Task>(&TaskKey { task: id }).await? else { return Ok(None) };
    if kept.done.is_some() {
        return Ok(Some(kept));
    }
    let by = match &actor.who {
        Who::Staff { id, .. } => id.to_string(),
        Who::Patient { id } => id.to_string(),
        Who::System { name } | Who::Outside { name } => name.clone(),
    };
    let done = Task { done: Some((table.clock().now(), by)), ..(*kept).clone() };
    let deed = actor.did("task.finished").on("task", id).patient(kept.person).change("done", false, true);
    let mut write = table.write();
    write.replace(&kept, &done).create(&deed.entry(table));
    match write.commit().await {
        Ok(()) => Ok(Some(kept.followed_by(done))),
        // Somebody else was quicker: it is done then.
        Err(fault) if fault.is_conflict() => match table.get::<Task>(&TaskKey { task: id }).await? {
            Some(there) if there.done.is_some() => Ok(Some(there)),
            _ => Err(fault),
        },
        Err(fault) => Err(fault),
    }
}
