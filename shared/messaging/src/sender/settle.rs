//! Settling what nobody knows: the provider is asked what became of it. The message is never sent again.

use jiff::SignedDuration;
use kernel::{ClinicId, Job, Lane, MessageId, Timestamp};
use platform::Worked;
use providers::{Address, Content, LookedUp, Lookup};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, WriteFault, keys::MessageKey};

use super::{Sender, call, known::Known, outcome};
use crate::{Message, Status};

/// Minutes after the message became unknown at which the provider is asked: it lists a message a moment after it took it.
const ASKS: [i64; 3] = [2, 10, 60];

/// Ask the provider what became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleUnknown {
    /// Whose.
    pub clinic: ClinicId,
    /// Which.
    pub message: MessageId,
    /// How often it was asked about before.
    pub asked: usize,
}

impl Job for SettleUnknown {
    const TYPE: &'static str = "settle_unknown.1";
    const LANE: Lane = Lane::Outbound;
}

impl SettleUnknown {
    /// Plans the next question. Its time follows from when the message became unknown, so that a job that is
    /// told several times plans it once.
    pub(super) async fn plan(
        table: &ClinicTable,
        message: MessageId,
        since: Timestamp,
        asked: usize,
    ) -> Result<(), WriteFault> {
        let Some(minutes) = ASKS.get(asked) else { return Ok(()) };
        let at = since.saturating_add(SignedDuration::from_mins(*minutes)).unwrap_or(since);
        let mut write = table.write();
        write.due(at, &format!("settle-{message}"), &Self { clinic: table.clinic(), message, asked });
        write.commit().await
    }
}

impl Sender {
    /// Asks about one message. What was found is as good as an answer to the call; what was not stays unknown
    /// and on the desk.
    pub async fn settle(&self, job: SettleUnknown) -> Worked {
        let table = self.platform.table.of(job.clinic);
        let Some(kept) = table.get::<Message>(&MessageKey { message: job.message }).await? else {
            return Ok(());
        };
        if kept.status != Status::Unknown {
            return Ok(());
        }
        let now = self.platform.clock.now();
        let known = self.memory.clinic(&self.platform.table, &table).await?;
        let found = match self.ask(&kept, &known).await {
            Some(LookedUp::Found(accepted)) => accepted,
            Some(LookedUp::Absent | LookedUp::Unclear) | None => {
                let since = kept.times.get(&Status::Unknown).copied().unwrap_or(now);
                SettleUnknown::plan(&table, job.message, since, job.asked + 1).await?;
                return Ok(());
            }
        };
        let mut next = outcome::sent((*kept).clone(), &found, now);
        next.ended = None;
        match outcome::write(&table, &kept, &next, now).await {
            Err(fault) if fault.is_conflict() => Ok(()),
            other => Ok(other?),
        }
    }

    /// Asks the account that it was sent through, if the clinic still has it.
    async fn ask(&self, message: &Message, Known { clinic, accounts, .. }: &Known) -> Option<LookedUp> {
        let attempt = message.attempts.last()?;
        let account = accounts.named(attempt.account.as_ref()?)?;
        let carrier = self.carriers.of(clinic.id, account)?;
        let to = message.address.clone()?;
        let content: Content = match to {
            Address::Phone(_) => call::text(clinic, account, message.said.as_ref()?)?,
            Address::Email(_) | Address::Device(_) => return None,
        };
        let lookup = Lookup { to, content, at: attempt.at };
        let prepared = carrier.lookup(&lookup)?;
        let (request, auth) = self.tokens.prove(&self.platform, prepared).await.ok()?;
        let response = self.platform.http.send(request, &auth).await.ok()?;
        Some(carrier.looked_up(&lookup, &response))
    }
}
