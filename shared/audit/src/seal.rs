//! Sealing what is new in the log.

use jiff::SignedDuration;
use kernel::{ClinicId, Fault, Job, Kind, Lane, Limit, Timestamp};
use serde::{Deserialize, Serialize};
use table::{
    Change, ClinicTable, Kept, Table, TableFault, WriteFault, changed,
    keys::{AuditEntryKey, AuditHeadKey},
};

use crate::{ArchiveRequested, Entry, Head, Link, Seen};

/// How old an entry must be before it is sealed. Entries get their place in the log when they are thought of and
/// not when they are written; no request and no job takes as long as this between the two.
const SETTLED: SignedDuration = SignedDuration::from_mins(5);
/// How often a clinic with traffic is sealed.
const EVERY_SECONDS: i64 = 300;
/// How many times in a row another sealer may be quicker.
const TRIES: usize = 5;

/// A clinic's log has something new that has settled, or will have when this is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealRequested {
    /// Whose log.
    pub clinic: ClinicId,
}

impl Job for SealRequested {
    const TYPE: &'static str = "seal_requested.1";
    const LANE: Lane = Lane::Reminders;
}

/// What keeps a log from being sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealFault {
    /// Another sealer was quicker each time; it does the same work.
    #[error("the log of {0} is being sealed by another")]
    Outrun(ClinicId),
    /// The table.
    #[error(transparent)]
    Table(#[from] TableFault),
    /// The table, in writing.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl Fault for SealFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Outrun(_) => Kind::Unavailable,
            Self::Table(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Outrun(_) => "seal_outrun",
            Self::Table(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
        }
    }
}

/// Plans the sealing of every clinic whose log these changes of the table are about. The same five minutes of
/// a clinic lead to the same due item, however often they are seen.
pub async fn noticed(table: &Table, changes: &[Change]) -> Result<(), WriteFault> {
    let mut due: Vec<(ClinicId, Timestamp)> = changes
        .iter()
        .filter_map(|change| changed::<Entry>(change)?.ok()?.1)
        .map(|entry| (entry.clinic, sealed_at(entry.at)))
        .collect();
    due.sort_unstable();
    due.dedup();
    for (clinic, at) in due {
        let table = table.of(clinic);
        // Seen late, it is sealed late: nobody sweeps a minute that is over.
        let soonest = five_minutes_end(table.clock().now());
        let mut write = table.write();
        write.due(at.max(soonest), &format!("seal/{clinic}"), &SealRequested { clinic });
        write.commit().await?;
    }
    Ok(())
}

/// When an entry of this moment is sealed: at the end of its five minutes, and settled.
fn sealed_at(at: Timestamp) -> Timestamp {
    five_minutes_end(at).saturating_add(SETTLED).unwrap_or(Timestamp::MAX)
}

fn five_minutes_end(at: Timestamp) -> Timestamp {
    let end = (at.as_second().div_euclid(EVERY_SECONDS) + 1) * EVERY_SECONDS;
    Timestamp::from_second(end).unwrap_or(at)
}

/// Seals what has settled in a clinic's log, and makes it findable by patient. Run twice, by two at once, or
/// again after a crash, it does no more than run once. Gives back how many entries it sealed.
pub async fn seal(table: &ClinicTable) -> Result<u64, SealFault> {
    let clinic = table.clinic();
    let now = table.clock().now();
    let settled = now.saturating_sub(SETTLED).unwrap_or(Timestamp::MIN);
    let (mut sealed, mut outrun) = (0, 0);
    loop {
        let head: Option<Kept<Head>> = table.get(&AuditHeadKey {}).await?;
        let link = head.as_ref().map_or_else(|| Link::first(clinic), |head| Link::at(clinic, head));
        let span = AuditEntryKey::within().from(&link.through);
        let page = table.list::<Entry>(&span, Limit::MOST, None).await?;
        let fresh: Vec<&Entry> = page
            .items
            .iter()
            .map(|kept| &**kept)
            .filter(|entry| entry.id > link.through && entry.at <= settled)
            .collect();
        let Some((seal, next)) = link.seal(now, &fresh) else { return Ok(sealed) };
        // First the way from the patient to the entry, which may be written again, then the seal, which may not.
        findable(table, &fresh).await?;
        let mut write = table.write();
        write.create(&seal);
        match &head {
            Some(head) => write.replace(head, &next.head()),
            None => write.create(&next.head()),
        };
        // What is sealed is also laid down where nobody can change it.
        let archive = ArchiveRequested { clinic, seal: seal.number };
        write.due(now, &format!("archive/{clinic}/{}", seal.number), &archive);
        match write.commit().await {
            Ok(()) => {
                // The log of the process is kept elsewhere than the table: who cuts off the end of the one
                // would have to change the other too.
                tracing::info!(clinic.id = %clinic, audit.seal = seal.number, audit.hash = %seal.hash, audit.entries = seal.entries, "a stretch of the audit log was sealed");
                sealed += seal.entries;
            }
            Err(fault) if fault.is_conflict() && outrun < TRIES => outrun += 1,
            Err(fault) if fault.is_conflict() => return Err(SealFault::Outrun(clinic)),
            Err(fault) => return Err(fault.into()),
        }
    }
}

async fn findable(table: &ClinicTable, entries: &[&Entry]) -> Result<(), WriteFault> {
    let seen: Vec<Seen> = entries
        .iter()
        .flat_map(|entry| entry.patients.iter().map(|patient| Seen { patient: *patient, entry: entry.id }))
        .collect();
    for hundred in seen.chunks(100) {
        let mut write = table.write();
        for each in hundred {
            write.put_always(each);
        }
        write.commit().await?;
    }
    Ok(())
}
