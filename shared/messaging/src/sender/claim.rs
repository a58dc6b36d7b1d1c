//! Taking hold of messages, and letting go of one.

use kernel::Timestamp;
use platform::{JobFault, Worked};
use table::{ClinicTable, Kept, WriteFault, keys::MessageKey, shared::LOOK_AT_ALL};

use super::{Held, LEASE, Sender, outcome::holds};
use crate::{Attempt, AttemptStatus, Message, SendRequested, Status};

/// What became of a request to send.
#[derive(Debug)]
pub(super) enum Claim {
    /// The message is ours.
    Held(Box<Kept<Message>>),
    /// There is nothing to do: it is not due, somebody else holds it, or it has ended.
    Done,
    /// Nobody knows; the request has to come again.
    Failed(JobFault),
}

/// How a message stands for somebody who would claim it.
enum Stands {
    Due,
    /// Its claim has run out.
    Abandoned,
    /// Nothing to do now; it may still come to wait.
    NotNow,
    /// Nothing to do ever.
    Over,
}

fn stands(message: &Message, now: Timestamp) -> Stands {
    match message.status {
        Status::Sending if message.claimed_until.is_none_or(|until| until <= now) => Stands::Abandoned,
        Status::Queued | Status::Scheduled if message.send_at <= now => Stands::Due,
        Status::Sending | Status::Draft | Status::Queued | Status::Scheduled => Stands::NotNow,
        _ => Stands::Over,
    }
}

/// Whether the claim may outlast the last look at the message's due item. If this sender dies, its claim must be
/// found to have run out all the same.
fn outlasts_looks(message: &Message, until: Timestamp) -> bool {
    let second = message.send_at.as_second();
    let last_look = second - second.rem_euclid(60) + LOOK_AT_ALL * 60;
    until.as_second() >= last_look
}

fn claimed(message: &Message, now: Timestamp) -> Message {
    let mut claimed = message.clone().moved(Status::Sending, now);
    claimed.claimed_until = now.checked_add(LEASE).ok();
    claimed.attempts.push(Attempt {
        n: u32::try_from(message.attempts.len()).unwrap_or(u32::MAX).saturating_add(1),
        provider: None,
        account: None,
        status: AttemptStatus::Pending,
        provider_id: None,
        at: now,
        ended_at: None,
        error: None,
        machine_open: false,
    });
    claimed
}

impl Sender {
    /// Claims the messages that are due, each by itself; the answers stand in the order of the requests. A claim
    /// that ran out is turned into `UNKNOWN` on the way.
    ///
    /// The messages are first read as they were a moment ago: the claim holds at the revision that was read, so that
    /// an old one can only fail. Whatever does not stand to be claimed by that is looked at as it is now.
    pub(super) async fn claim(&self, requests: &[(usize, SendRequested)]) -> Vec<Claim> {
        let mut claims: Vec<Option<Claim>> = requests.iter().map(|_| None).collect();
        for exact in [false, true] {
            let open: Vec<usize> = (0..requests.len()).filter(|at| claims[*at].is_none()).collect();
            if open.is_empty() {
                break;
            }
            if let Err(fault) = self.claim_some(requests, &open, exact, &mut claims).await {
                for at in open {
                    claims[at].get_or_insert_with(|| Claim::Failed(JobFault::from_fault(&fault)));
                }
            }
        }
        claims.into_iter().map(|claim| claim.unwrap_or(Claim::Done)).collect()
    }

    async fn claim_some(
        &self,
        requests: &[(usize, SendRequested)],
        open: &[usize],
        exact: bool,
        claims: &mut [Option<Claim>],
    ) -> Result<(), WriteFault> {
        let now = self.platform.clock.now();
        let table = &self.platform.table;
        let of = |at: usize| table.of(requests[at].1.clinic);
        let key = |at: usize| MessageKey { message: requests[at].1.message };
        let mut reads = table.reads();
        for at in open {
            reads.want(&of(*at), &key(*at));
        }
        let found = if exact { reads.now().await } else { reads.lately().await }?;
        let mut due = Vec::new();
        for at in open.iter().copied() {
            let kept = match found.get::<Message>(&of(at), &key(at)) {
                Ok(kept) => kept,
                Err(fault) => {
                    claims[at] = Some(Claim::Failed(JobFault::from_fault(&fault)));
                    continue;
                }
            };
            let Some(kept) = kept else { continue };
            match stands(&kept, now) {
                Stands::Due => due.push((at, claimed(&kept, now), kept)),
                Stands::Over => claims[at] = Some(Claim::Done),
                Stands::Abandoned if exact => {
                    claims[at] = Some(match self.give_up(&of(at), &kept, now).await {
                        Ok(()) => Claim::Done,
                        Err(fault) => Claim::Failed(fault.into()),
                    });
                }
                Stands::Abandoned | Stands::NotNow => {}
            }
        }
        self.plan_last_looks(&due, requests).await?;
        let mut each = table.each();
        for (at, claimed, kept) in &due {
            each.replace(&of(*at), kept, claimed);
        }
        for ((at, claimed, kept), written) in due.into_iter().zip(each.commit().await) {
            match written {
                Ok(()) => claims[at] = Some(Claim::Held(Box::new(kept.followed_by(claimed)))),
                // By now it is another one's, unless it was another one when it was read.
                Err(fault) if fault.is_conflict() => {}
                Err(fault) => claims[at] = Some(Claim::Failed(fault.into())),
            }
        }
        Ok(())
    }

    /// Work that finds the claims of which nobody would see that they ran out. It stands there before the claim does:
    /// too much of it harms nobody.
    async fn plan_last_looks(
        &self,
        due: &[(usize, Message, Kept<Message>)],
        requests: &[(usize, SendRequested)],
    ) -> Result<(), WriteFault> {
        let late = due.iter().filter_map(|(at, claimed, kept)| {
            let until = claimed.claimed_until?;
            let request = requests[*at].1;
            let of = self.platform.table.of(request.clinic);
            outlasts_looks(kept, until).then(|| (of, until, claimed.due_id(), request))
        });
        self.platform.table.plan(late).await
    }

    /// Lets go of a message whose provider was provably not called; it is due again at once.
    pub(super) async fn release(&self, held: Held) -> Worked {
        let Held { of: table, mut kept, .. } = held;
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
