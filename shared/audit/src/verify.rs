//! Finding out whether a log is what it was.

use kernel::{Fault, Kind, Limit};
use table::{
    ClinicTable, TableFault,
    keys::{AuditEntryKey, AuditHeadKey, AuditSealKey},
};

use crate::{Damage, Entry, Head, Link, Seal};

/// A seal that is known from elsewhere, such as from the log of the process that made it. Without one, nobody
/// can tell a log whose end was cut off, head and all, from one that never went further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The number of the seal.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

/// A log that is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many seals there are.
    pub seals: u64,
    /// How many entries they cover.
    pub entries: u64,
    /// The newest seal, to be kept elsewhere.
    pub end: Option<Anchor>,
}

/// Why a log could not be found sound.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFault {
    /// It is not.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The table.
    #[error(transparent)]
    Table(#[from] TableFault),
}

impl Fault for VerifyFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Damaged(_) => Kind::Conflict,
            Self::Table(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "audit_log_damaged",
            Self::Table(fault) => fault.code(),
        }
    }
}

/// Follows a clinic's log from its first seal to its last. It reads the whole log: a job, not an answer to a
/// request.
pub async fn verify(table: &ClinicTable, anchor: Option<&Anchor>) -> Result<Verified, VerifyFault> {
    let head = table.get::<Head>(&AuditHeadKey {}).await?;
    let mut link = Link::first(table.clinic());
    let mut anchored = anchor.is_none();
    let mut after = None;
    loop {
        let page = table.list::<Seal>(&AuditSealKey::within(), Limit::MOST, after.as_ref()).await?;
        for seal in &page.items {
            let entries = covered(table, &link, seal).await?;
            link = link.follow(seal, &entries.iter().collect::<Vec<_>>())?;
            anchored |= anchor.is_some_and(|known| known.number == link.number && known.hash == link.hash);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let end = head.as_ref().map_or(0, |head| head.number);
    let ends_there = head.map_or(link.number == 0, |head| *head == link.head());
    if !ends_there {
        return Err(Damage::End(end).into());
    }
    if !anchored {
        return Err(Damage::End(anchor.map_or(end, |known| known.number)).into());
    }
    let end = (link.number > 0).then(|| Anchor { number: link.number, hash: link.hash.clone() });
    Ok(Verified { seals: link.number, entries: link.entries, end })
}

/// All entries that stand between the last seal and this one's end; one more than the seal claims is enough to
/// know that it does not hold.
async fn covered(table: &ClinicTable, link: &Link, seal: &Seal) -> Result<Vec<Entry>, TableFault> {
    let span = AuditEntryKey::within().from(&link.through).to(&seal.through);
    let mut entries = Vec::new();
    let mut after = None;
    loop {
        let page = table.list::<Entry>(&span, Limit::MOST, after.as_ref()).await?;
        entries.extend(
            page.items.into_iter().map(table::Kept::into_value).filter(|entry| entry.id > link.through),
        );
        after = page.next;
        if after.is_none() || entries.len() as u64 > seal.entries {
            return Ok(entries);
        }
    }
}
