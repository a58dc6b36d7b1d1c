//! The outbox: work that is due, in buckets of a minute.
//!
//! A due item is written in the transaction of the fact that caused it. A push to a queue right after is only a
//! hint; the minute tick sweeps the buckets and pushes what is due. Due items are not deleted when the work is
//! done, which would cost a write each: the database forgets them after two days, and each job looks at the
//! state of its own thing before it does anything.

use kernel::{ClinicId, RawJob, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Entity, keys::DueKey};

/// Over how many partitions a minute is spread: 10,000 items due in one minute stay under 500 writes a second
/// and key.
pub const SHARDS: u8 = 8;

/// Work that is due.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Due {
    /// The bucket: a full minute.
    pub minute: Timestamp,
    /// What names the work.
    pub id: String,
    /// When exactly it is due.
    pub at: Timestamp,
    /// Whose it is; absent for work that belongs to no clinic.
    pub clinic: Option<ClinicId>,
    /// The work.
    pub job: RawJob,
    /// When it was put there. What was put into a bucket before its minute came has been pushed when the minute
    /// was swept.
    pub put: Timestamp,
}

/// The full minute an instant lies in.
pub(crate) fn minute(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(at)
}

fn shard(id: &str) -> u8 {
    Sha256::digest(id.as_bytes())[0] % SHARDS
}

impl Due {
    pub(crate) fn new(
        clinic: Option<ClinicId>,
        at: Timestamp,
        id: &str,
        job: RawJob,
        now: Timestamp,
    ) -> Self {
        Self { minute: minute(at), id: id.to_owned(), at, clinic, job, put: now }
    }

    pub(crate) fn place(at: Timestamp, id: &str) -> DueKey {
        DueKey { minute: minute(at), shard: shard(id), id: id.to_owned() }
    }
}

impl Entity for Due {
    type Key = DueKey;

    fn key(&self) -> DueKey {
        DueKey { minute: self.minute, shard: shard(&self.id), id: self.id.clone() }
    }

    fn expires(&self) -> Option<Timestamp> {
        self.minute.checked_add(jiff::SignedDuration::from_hours(48)).ok()
    }
}
