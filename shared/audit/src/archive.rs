//! What the archive keeps: each sealed stretch of the log as one file.

use kernel::{ClinicId, EventId, Job, Lane, Limit};
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, TableFault,
    keys::{AuditEntryKey, AuditSealKey},
};

use crate::{Entry, Seal};

/// A stretch was sealed and is to be archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRequested {
    /// Whose log.
    pub clinic: ClinicId,
    /// The number of the seal.
    pub seal: u64,
}

impl Job for ArchiveRequested {
    const TYPE: &'static str = "archive_requested.1";
    /// The lane of what handles files.
    const LANE: Lane = Lane::Imports;
}

/// A sealed stretch: the seal, and the entries it covers in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// The seal.
    pub seal: Seal,
    /// The entries.
    pub entries: Vec<Entry>,
}

impl Stretch {
    /// The name of its file. The hash is in it, so that a stretch that was changed and sealed anew would stand
    /// beside the first one and not in its place.
    pub fn file(&self, clinic: ClinicId) -> String {
        let hash: String = self.seal.hash.chars().take(16).collect();
        format!("audit/{clinic}/{:010}-{hash}.json", self.seal.number)
    }
}

/// The stretch under a seal; `None` if there is no such seal.
pub async fn stretch(table: &ClinicTable, number: u64) -> Result<Option<Stretch>, TableFault> {
    let Some(seal) = table.get::<Seal>(&AuditSealKey { number }).await? else { return Ok(None) };
    let before = match number.checked_sub(1) {
        None | Some(0) => None,
        Some(before) => table.get::<Seal>(&AuditSealKey { number: before }).await?,
    };
    let after = before.map_or(EventId::FIRST, |before| before.through);
    let span = AuditEntryKey::within().from(&after);
    let page = table.list::<Entry>(&span, Limit::MOST, None).await?;
    let entries = page.items.into_iter().map(table::Kept::into_value);
    let entries = entries.filter(|entry| entry.id > after && entry.id <= seal.through).collect();
    Ok(Some(Stretch { seal: seal.into_value(), entries }))
}
