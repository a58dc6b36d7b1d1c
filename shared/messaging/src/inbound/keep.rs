//! Keeping what somebody wrote, before the provider hears that it was taken.

use kernel::{ClinicId, Job as _};
use platform::Platform;
use providers::Inbound;
use table::WriteFault;

use super::{InboundReceived, Received};

/// Keeps what somebody wrote to a clinic and asks for it to be taken in now.
///
/// Two single writes, at half the price of a transaction: first the message, then the due work that names it. Until
/// both are written this fails, and the provider, which has heard nothing, tells it again. What was told before
/// stays as it was first kept, with its time.
pub async fn keep(platform: &Platform, clinic: ClinicId, inbound: Inbound) -> Result<(), WriteFault> {
    let now = platform.clock.now();
    let table = platform.table.of(clinic);
    let job =
        InboundReceived { clinic, provider: inbound.provider, provider_id: inbound.provider_id.clone() };
    let received =
        Received { inbound, received_at: now, person: None, reading: None, opted_out: false, done: false };
    let mut write = table.write();
    write.create(&received);
    match write.commit().await {
        Err(fault) if !fault.is_conflict() => return Err(fault),
        _ => {}
    }
    let mut write = table.write();
    write.due(now, &job.due_id(), &job);
    write.commit().await?;
    if let Err(fault) = platform.queue.push(&[job.raw()]).await {
        tracing::warn!(clinic.id = %clinic, fault = %fault, "a hint was not pushed; the tick will find the work");
    }
    Ok(())
}
