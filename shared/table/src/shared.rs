//! What belongs to no clinic: the few look-ups that lead to one, and the due buckets with their sweep.

use futures::future::try_join_all;
use jiff::SignedDuration;
use kernel::{ClinicId, Cursor, Limit, Page, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Digest, Due, Entity, Kept, SHARDS, Table, TableFault, Write, WriteFault,
    due::minute,
    keys::{DueKey, Key, OurAddressKey, RegisterKey, StrayEventKey, SweptKey},
};

/// The part of the table that belongs to no clinic.
#[derive(Clone, Debug)]
pub struct SharedTable {
    table: Table,
}

/// A number or mailbox of ours and the clinic that answers on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OurAddress {
    /// The digest of the address.
    pub address: Digest,
    /// Who answers.
    pub clinic: ClinicId,
}

impl Entity for OurAddress {
    type Key = OurAddressKey;
    fn key(&self) -> OurAddressKey {
        OurAddressKey { address: self.address }
    }
}

/// A clinic in the register of clinics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredClinic {
    /// The clinic.
    pub clinic: ClinicId,
}

impl Entity for RegisteredClinic {
    type Key = RegisterKey;
    fn key(&self) -> RegisterKey {
        RegisterKey { clinic: self.clinic }
    }
}

/// An event from a provider that leads to nothing we know yet; kept for a later match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrayEvent {
    /// The provider.
    pub provider: String,
    /// Its id of the message, or the address for what has no message.
    pub provider_id: String,
    /// The digest of the whole event, so that a repetition is the same item.
    pub digest: Digest,
    /// The event as the provider's hook reads it.
    pub event: serde_json::Value,
    /// When it came.
    pub at: Timestamp,
}

impl Entity for StrayEvent {
    type Key = StrayEventKey;
    fn key(&self) -> StrayEventKey {
        StrayEventKey {
            provider: self.provider.clone(),
            provider_id: self.provider_id.clone(),
            event: self.digest,
        }
    }
    fn expires(&self) -> Option<Timestamp> {
        self.at.checked_add(SignedDuration::from_hours(24 * 14)).ok()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Swept {
    /// The minute that was looked at last.
    upto: Timestamp,
    /// The table that was swept. A copy of it, as a recovery makes one, has another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    home: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
}

impl Entity for Swept {
    type Key = SweptKey;
    fn key(&self) -> SweptKey {
        SweptKey {}
    }
}

/// After how many minutes a bucket is looked at again, besides when its minute is over. What a lost hint, a slow
/// commit or a dead worker left behind is found there.
const SECOND_LOOKS: [i64; 3] = [2, 4, 11];
/// The one of them, in minutes, at which everything is looked at. At the others only what may have come too late for the sweep of
/// its minute: what stood there before was pushed to a queue, which loses nothing, and to look at the state of
/// everything costs as much as a fact.
pub const LOOK_AT_ALL: i64 = 2;
/// How long a commit may take, and how far the clocks of two writers may differ.
const SLOW_COMMIT: SignedDuration = SignedDuration::from_mins(2);
/// How far back a sweep goes after the process was away.
const FARTHEST: SignedDuration = SignedDuration::from_hours(47);

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Due for the first time.
    pub fresh: Vec<Due>,
    /// Due before: pushed already, unless something got lost. Look at the state before pushing again.
    pub again: Vec<Due>,
    /// The last minute that was looked at.
    pub upto: Option<Timestamp>,
    /// The table is a copy of another and may not know what was done since: nothing was looked at.
    pub held: bool,
    at: Option<Timestamp>,
    kept: Option<Kept<Swept>>,
}

/// Whether work may have come into its bucket only after the sweep of its minute.
fn may_be_late(due: &Due) -> bool {
    due.put.saturating_add(SLOW_COMMIT).is_ok_and(|put| put >= due.minute)
}

impl SharedTable {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }

    /// The clock that stamps what is written here.
    pub fn clock(&self) -> &kernel::Clock {
        self.table.clock()
    }

    /// Starts a transaction on shared items.
    pub fn write(&self) -> Write {
        Write::shared(self.table.clone())
    }

    /// The shared item at a key as it is now.
    pub async fn get<E: Entity>(&self, key: &E::Key) -> Result<Option<Kept<E>>, TableFault> {
        const { assert!(E::Key::SHARED, "items of a clinic are read on its part") };
        self.table.get_one("all", key).await
    }

    /// Which clinic answers on an address of ours.
    pub async fn clinic_of(&self, folded_address: &str) -> Result<Option<ClinicId>, TableFault> {
        let key = OurAddressKey { address: Digest::of(folded_address) };
        Ok(self.get::<OurAddress>(&key).await?.map(|kept| kept.clinic))
    }

    /// Gives an address of ours to a clinic; no other clinic may have it.
    pub async fn claim_address(&self, folded_address: &str, clinic: ClinicId) -> Result<(), WriteFault> {
        let address = OurAddress { address: Digest::of(folded_address), clinic };
        if self.get::<OurAddress>(&address.key()).await?.is_some_and(|kept| kept.clinic == clinic) {
            return Ok(());
        }
        let mut write = self.write();
        write.create(&address);
        write.commit().await
    }

    /// Keeps an event that leads nowhere yet; the same event again is the same item.
    pub async fn keep_stray(&self, stray: &StrayEvent) -> Result<(), WriteFault> {
        let mut write = self.write();
        write.put_always(stray);
        write.commit().await
    }

    /// Events that came before what they are about was known.
    pub async fn strays_of(
        &self,
        provider: &str,
        provider_id: &str,
    ) -> Result<Vec<Kept<StrayEvent>>, TableFault> {
        let span = StrayEventKey::within(provider.to_owned(), provider_id.to_owned());
        Ok(self.table.page("all", &span, 100, None, true).await?.items)
    }

    /// Enters a clinic into the register; twice is once.
    pub async fn register(&self, clinic: ClinicId) -> Result<(), WriteFault> {
        let mut write = self.write();
        write.put_always(&RegisteredClinic { clinic });
        write.commit().await
    }

    /// The clinics there are.
    pub async fn clinics(&self, limit: Limit, after: Option<&Cursor>) -> Result<Page<ClinicId>, TableFault> {
        let all = RegisterKey::within();
        let page = self.table.page::<RegisteredClinic>("all", &all, limit.get(), after, true).await?;
        Ok(page.map(|kept| kept.clinic))
    }

    /// Puts shared work into a due bucket on its own.
    pub async fn due<J: kernel::Job>(&self, at: Timestamp, id: &str, job: &J) -> Result<(), WriteFault> {
        let mut write = self.write();
        write.due(at, id, job);
        write.commit().await
    }

    /// Looks at every bucket since the last sweep, and once more at some older ones. Nothing is marked as swept
    /// before [`SharedTable::swept`]: whoever dies between the two sweeps the same buckets again.
    pub async fn sweep(&self, now: Timestamp) -> Result<Sweep, TableFault> {
        let kept = self.get::<Swept>(&SweptKey {}).await?;
        let home = kept.as_ref().and_then(|kept| kept.home.as_deref());
        if home.is_some_and(|home| home != self.table.name()) {
            return Ok(Sweep { held: true, kept, ..Sweep::default() });
        }
        self.look(now, kept).await
    }

    /// What has fallen due in a copy of a table since the copy was made, up to now. [`SharedTable::swept`] makes
    /// the copy a table of its own.
    pub async fn sweep_copy(&self, now: Timestamp) -> Result<Sweep, TableFault> {
        let kept = self.get::<Swept>(&SweptKey {}).await?;
        self.look(now, kept).await
    }

    /// Says that the table is a copy, for a database whose copies have the name of the original.
    pub async fn is_copy(&self) -> Result<(), WriteFault> {
        let Some(kept) = self.get::<Swept>(&SweptKey {}).await? else { return Ok(()) };
        let mut write = self.write();
        write.replace(&kept, &Swept { home: Some(String::new()), ..(*kept).clone() });
        write.commit().await
    }

    async fn look(&self, now: Timestamp, kept: Option<Kept<Swept>>) -> Result<Sweep, TableFault> {
        let this = minute(now);
        let far = minute(now.checked_sub(FARTHEST).unwrap_or(now));
        // A table that was never swept may hold work of the last hour, not more.
        let young = minute(now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(now));
        let from = kept.as_ref().map_or(young, |kept| kept.upto).max(far);
        let mut sweep = Sweep { upto: Some(this), at: Some(now), ..Sweep::default() };
        let step = SignedDuration::from_secs(60);
        let mut at = from;
        // The minute last swept was not over when it was swept: it is looked at again, as the second looks are.
        while at <= this {
            let found = self.bucket(at, now, true).await?;
            match kept.as_ref().filter(|_| at == from).map(|kept| kept.at) {
                Some(Some(seen)) => {
                    let (due, before): (Vec<_>, Vec<_>) = found.into_iter().partition(|due| due.at > seen);
                    sweep.fresh.extend(due);
                    sweep.again.extend(before.into_iter().filter(may_be_late));
                }
                Some(None) => sweep.again.extend(found),
                None => sweep.fresh.extend(found),
            }
            at = at.saturating_add(step).unwrap_or(Timestamp::MAX);
        }
        for after in SECOND_LOOKS {
            // One look per minute that passed since the last sweep, so that a gap in the ticks skips none.
            let back =
                |minute: Timestamp, by| minute.checked_sub(SignedDuration::from_mins(by)).unwrap_or(minute);
            let (mut at, last) = (back(from, after - 1), back(this, after));
            while at <= last && at < from {
                let found = self.bucket(at, now, false).await?.into_iter();
                sweep.again.extend(found.filter(|due| after == LOOK_AT_ALL || may_be_late(due)));
                at = at.saturating_add(step).unwrap_or(Timestamp::MAX);
            }
        }
        sweep.kept = kept;
        Ok(sweep)
    }

    /// Marks a sweep as done, after its work was pushed.
    pub async fn swept(&self, sweep: &Sweep) -> Result<(), WriteFault> {
        let Some(upto) = sweep.upto else { return Ok(()) };
        let mut write = self.write();
        let swept = Swept { upto, home: Some(self.table.name().to_owned()), at: sweep.at };
        match &sweep.kept {
            Some(kept) if kept.upto >= upto && kept.home == swept.home => return Ok(()),
            Some(kept) => write.replace(kept, &swept),
            None => write.create(&swept),
        };
        match write.commit().await {
            // Another tick was faster; it has seen the same buckets.
            Err(WriteFault::Conflict { .. }) => Ok(()),
            other => other,
        }
    }

    async fn bucket(&self, minute: Timestamp, now: Timestamp, exact: bool) -> Result<Vec<Due>, TableFault> {
        let shards = try_join_all((0..SHARDS).map(async |shard| {
            let span = DueKey::within(minute, shard);
            let mut found = Vec::new();
            let mut next = None;
            loop {
                let page = self.table.page::<Due>("all", &span, 1000, next.as_ref(), exact).await?;
                found.extend(page.items.into_iter().map(Kept::into_value));
                next = page.next;
                if next.is_none() {
                    return Ok::<_, TableFault>(found);
                }
            }
        }))
        .await?;
        Ok(shards.into_iter().flatten().filter(|due| due.at <= now).collect())
    }
}
