//! Taking hold of a message, and letting go of it.

use jiff::SignedDuration;
use kernel::Timestamp;
use platform::Worked;
use table::{ClinicTable, Kept, WriteFault, keys::MessageKey};

use super::{LEASE, Sender, outcome::holds};
use crate::{Attempt, AttemptStatus, Message, Status};

/// From this long after its time on, a message's due item may have had its last look before a claim made now has
/// run out: the tick looks at a bucket for the last time ten minutes after its own.
const LAST_LOOK: SignedDuration = SignedDuration::from_mins(8);

impl Sender {
    /// Claims a message that is due. `None` if it is not, if somebody else holds it, or if it has ended; a
    /// claim that ran out is turned into `UNKNOWN` on the way.
    pub(super) async fn claim(
        &self,
        table: &ClinicTable,
        kept: Kept<Message>,
    ) -> Result<Option<Kept<Message>>, WriteFault> {
        let now = self.platform.clock.now();
        if kept.status == Status::Sending {
            if kept.claimed_until.is_none_or(|until| until <= now) {
                self.give_up(table, &kept, now).await?;
            }
            return Ok(None);
        }
        if !matches!(kept.status, Status::Queued | Status::Scheduled) || kept.send_at > now {
            return Ok(None);
        }
        let mut claimed = (*kept).clone().moved(Status::Sending, now);
        claimed.claimed_until = now.checked_add(LEASE).ok();
        claimed.attempts.push(Attempt {
            n: u32::try_from(kept.attempts.len()).unwrap_or(u32::MAX).saturating_add(1),
            provider: None,
            status: AttemptStatus::Pending,
            provider_id: None,
            at: now,
            ended_at: None,
            error: None,
            machine_open: false,
        });
        let mut write = table.write();
        write.replace(&kept, &claimed);
        if now.duration_since(kept.send_at) >= LAST_LOOK {
            // Nobody looks at its due item any more: if this sender dies, its claim must be found to have run
            // out all the same.
            let ends = claimed.claimed_until.unwrap_or(now);
            write.due(ends, &claimed.due_id(), &claimed.request(table.clinic()));
        }
        match write.commit().await {
            Ok(()) => Ok(Some(kept.followed_by(claimed))),
            Err(fault) if fault.is_conflict() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Lets go of a message whose provider was provably not called; it is due again at once.
    pub(super) async fn release(&self, table: &ClinicTable, kept: Kept<Message>) -> Worked {
        let mut kept = kept;
        for _ in 0..5 {
            let mut free = (*kept).clone();
            free.status = Status::Queued;
            free.claimed_until = None;
            free.attempts.pop();
            let request = free.request(table.clinic());
            let now = self.platform.clock.now();
            let mut write = table.write();
            // Its first due item may have had its last look by now.
            write.replace(&kept, &free).due(now, &free.due_id(), &request);
            match write.commit().await {
                Ok(()) => return Ok(()),
                Err(fault) if fault.is_conflict() => {
                    // Something was noted on it meanwhile, such as a late receipt of an earlier attempt.
                    match table.get::<Message>(&MessageKey { message: kept.id }).await? {
                        Some(there) if holds(&kept, &there) => kept = there,
                        _ => return Ok(()),
                    }
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(WriteFault::Contended.into())
    }

    /// Ends a claim that ran out.
    async fn give_up(
        &self,
        table: &ClinicTable,
        kept: &Kept<Message>,
        now: Timestamp,
    ) -> Result<(), WriteFault> {
        // Nothing was written between the claim and now, so nobody can tell whether the provider was called.
        let lost = super::outcome::unknown(
            (**kept).clone(),
            now,
            "the sender stopped before it could write down what the provider said",
        );
        match super::outcome::write(table, kept, &lost, now).await {
            // Somebody else was faster, which is as good.
            Err(fault) if fault.is_conflict() => Ok(()),
            other => other,
        }
    }
}
