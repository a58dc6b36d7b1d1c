//! Taking one step back.

use audit::Actor;
use kernel::AppointmentId;
use messaging::{Ended, Status};
use table::ClinicTable;

use super::{StepFault, read::Found};
use crate::plan::{StepState, Why};

/// Takes back the message of one step that has not gone out. It stays back until the visit is moved; doing it
/// again changes nothing.
pub async fn cancel_one(
    table: &ClinicTable,
    actor: &Actor,
    appointment: AppointmentId,
    n: u32,
) -> Result<(), StepFault> {
    let found = Found::read(table, appointment, n).await?;
    let Some(message) = &found.message else { return Err(StepFault::NothingPlanned(n)) };
    if message.status == Status::Cancelled {
        return Ok(());
    }
    if !message.status.is_pending() {
        return Err(StepFault::TooLate(message.status));
    }
    let plan = found.plan_with(|step| {
        step.state = StepState::NotPlanned;
        step.because(Why::CancelledByStaff);
    });
    let mut write = table.write();
    let why = Ended::new("CANCELLED_BY_STAFF", "staff took it back");
    messaging::take_back(&mut write, message, Status::Cancelled, why, table.clock().now());
    write.replace(&found.plan, &plan).create(
        &actor.did("reminder.cancelled").on("message", message.id).patient(message.person).entry(table),
    );
    Ok(write.commit().await?)
}
