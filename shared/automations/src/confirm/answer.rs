//! Taking an answer.

use audit::Actor;
use kernel::{AppointmentId, Id, TaskId};
use messaging::desk::{Task, TaskKind};
use people::{
    Appointment, Replan,
    appointments::{self, Change, ChangeFault, Changed, How},
};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Write, keys::AppointmentKey};

use crate::steps::named;

/// What somebody says about a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Answer {
    /// They will come.
    Confirm,
    /// They will not.
    Decline,
    /// They want another time.
    Reschedule,
}

/// What an answer did.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The visit as it is after the answer.
    pub visit: Appointment,
    /// The same was known already.
    pub again: bool,
    /// What staff has to do now. Its id follows from the visit: the same answer makes no second one. The caller
    /// raises it, in the same transaction, and may note the message it came from.
    pub task: Option<Task>,
}

/// Adds what an answer changes to a transaction of the caller's. A decline leaves the visit booked: whether it
/// is called off is for staff to say. An answer about a visit that has begun or is over is refused.
pub async fn answer_within<R: Replan>(
    table: &ClinicTable,
    write: &mut Write,
    plan: &R,
    actor: &Actor,
    appointment: AppointmentId,
    answer: Answer,
    how: How,
) -> Result<Answered, ChangeFault> {
    let by = named(actor);
    let change = match answer {
        Answer::Confirm => Change::Confirm { by, how },
        Answer::Decline => Change::Decline { by, how },
        Answer::Reschedule => {
            let visit = table.get::<Appointment>(&AppointmentKey { appointment }).await?;
            let visit = visit.ok_or(ChangeFault::NotFound(appointment))?;
            if visit.deleted_at.is_some() || !visit.status.is_ahead() {
                return Err(ChangeFault::Closed(appointment));
            }
            if table.clock().now() >= visit.starts_at {
                return Err(ChangeFault::Begun(appointment));
            }
            let task = task(table, &visit, TaskKind::Reschedule);
            return Ok(Answered { visit: visit.into_value(), again: false, task: Some(task) });
        }
    };
    let changed: Changed =
        appointments::change_within(table, write, plan, actor, appointment, None, &change).await?;
    let task = (answer == Answer::Decline).then(|| task(table, &changed.after, TaskKind::Declined));
    Ok(Answered { again: !changed.is_different(), visit: changed.after, task })
}

/// Takes an answer and raises its task, in one transaction. If others change the visit at the same time it is
/// tried anew.
pub async fn answer<R: Replan>(
    table: &ClinicTable,
    plan: &R,
    actor: &Actor,
    appointment: AppointmentId,
    answer: Answer,
    how: How,
) -> Result<Answered, ChangeFault> {
    const TRIES: usize = 4;
    let mut tried = 0;
    loop {
        let mut write = table.write();
        let answered = answer_within(table, &mut write, plan, actor, appointment, answer, how).await?;
        if let Some(task) = &answered.task {
            task.raise(table, &mut write).await?;
        }
        tried += 1;
        match write.commit().await {
            Ok(()) => return Ok(answered),
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            Err(fault) => return Err(fault.into()),
        }
    }
}

/// The id of the task that an answer about a visit, as it stands now, gives rise to.
pub(crate) fn task_id(table: &ClinicTable, visit: &Appointment, kind: TaskKind) -> TaskId {
    let parts =
        [table.clinic().to_string(), visit.id.to_string(), visit.generation.to_string(), format!("{kind:?}")];
    TaskId::derived(&parts.each_ref().map(String::as_str))
}

fn task(table: &ClinicTable, visit: &Appointment, kind: TaskKind) -> Task {
    Task {
        id: task_id(table, visit, kind),
        kind,
        person: visit.person,
        message: None,
        appointment: Some(visit.id),
        at: table.clock().now(),
        done: None,
    }
}
