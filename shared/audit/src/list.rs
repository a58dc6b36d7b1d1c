//! Reading the log.

use kernel::{CallerId, Cursor, Limit, Page, PersonId};
use table::{
    ClinicTable, Kept, TableFault,
    keys::{AuditEntryKey, AuditHeadKey, AuditSeenKey},
};

use crate::{Entry, Head, Seen, Who};

/// A clinic's log, newest first; of one member of the staff, if asked for. A page may be short, even empty, and
/// still have a next one: the log is not sorted by who.
pub async fn by_clinic(
    table: &ClinicTable,
    staff: Option<CallerId>,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Entry>, TableFault> {
    let span = AuditEntryKey::within().backwards();
    let page = match staff {
        None => table.list::<Entry>(&span, limit, after).await?,
        Some(staff) => {
            let by = |entry: &Entry| matches!(entry.who, Who::Staff { id, .. } if id == staff);
            table.list_where(&span, limit, after, by).await?
        }
    };
    Ok(page.map(Kept::into_value))
}

/// What concerns one patient, newest first: first what is not sealed yet and must be looked through, then what
/// is, and can be found directly. The cursor says in which of the two parts it stands.
pub async fn by_patient(
    table: &ClinicTable,
    patient: PersonId,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Entry>, TableFault> {
    let after = after.map(|cursor| cursor.0.split_once('.').ok_or(TableFault::StrangeCursor)).transpose()?;
    match after {
        None => fresh(table, patient, limit, None).await,
        Some(("fresh", rest)) => fresh(table, patient, limit, Some(Cursor(rest.to_owned()))).await,
        Some(("sealed", "")) => sealed(table, patient, limit, None).await,
        Some(("sealed", rest)) => sealed(table, patient, limit, Some(Cursor(rest.to_owned()))).await,
        Some(_) => Err(TableFault::StrangeCursor),
    }
}

async fn fresh(
    table: &ClinicTable,
    patient: PersonId,
    limit: Limit,
    after: Option<Cursor>,
) -> Result<Page<Entry>, TableFault> {
    let head = table.get::<Head>(&AuditHeadKey {}).await?;
    let mut span = AuditEntryKey::within().backwards();
    if let Some(head) = &head {
        span = span.from(&head.through);
    }
    let concerns = |entry: &Entry| {
        entry.patients.contains(&patient) && head.as_ref().is_none_or(|head| entry.id > head.through)
    };
    let page = table.list_where(&span, limit, after.as_ref(), concerns).await?;
    if page.items.is_empty() && page.next.is_none() {
        return sealed(table, patient, limit, None).await;
    }
    let next = match page.next {
        Some(Cursor(rest)) => Some(Cursor(format!("fresh.{rest}"))),
        None => Some(Cursor("sealed.".to_owned())),
    };
    Ok(Page { items: page.items.into_iter().map(Kept::into_value).collect(), next })
}

async fn sealed(
    table: &ClinicTable,
    patient: PersonId,
    limit: Limit,
    after: Option<Cursor>,
) -> Result<Page<Entry>, TableFault> {
    let span = AuditSeenKey::within(patient).backwards();
    let page = table.list::<Seen>(&span, limit, after.as_ref()).await?;
    let keys: Vec<_> = page.items.iter().map(|seen| AuditEntryKey { entry: seen.entry }).collect();
    let entries = table.get_many::<Entry>(&keys).await?;
    let items = entries.into_iter().flatten().map(Kept::into_value).collect();
    Ok(Page { items, next: page.next.map(|Cursor(rest)| Cursor(format!("sealed.{rest}"))) })
}
