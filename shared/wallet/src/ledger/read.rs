//! Reading the ledger.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Cursor, Limit, MessageId, Page, PurchaseId, Timestamp};
use serde::Serialize;
use table::{ClinicTable, Kept, TableFault, keys::LedgerPageKey};

use super::{Booked, Entry, EntryKind, Head, LedgerPage, What};
use crate::{Cell, Unit};

/// The last page of a ledger as it is now.
pub async fn last_page(table: &ClinicTable, unit: Unit) -> Result<Option<LedgerPage>, TableFault> {
    let span = LedgerPageKey::within(unit.to_string()).backwards();
    let limit = Limit::new(1).unwrap_or_default();
    let page = table.list::<LedgerPage>(&span, limit, None).await?;
    Ok(page.items.into_iter().next().map(Kept::into_value))
}

/// A balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// In which unit.
    pub unit: Unit,
    /// The sum of everything booked.
    pub balance: i64,
    /// What is set aside for messages that are on their way.
    pub held: i64,
    /// What can be spent.
    pub available: i64,
}

impl Balance {
    pub(crate) fn of(unit: Unit, head: Option<&Head>) -> Self {
        Self {
            unit,
            balance: head.map_or(0, Head::balance),
            held: head.map_or(0, |head| head.held),
            available: head.map_or(0, Head::available),
        }
    }
}

/// A balance as it is now (strongly consistent, one read unit): what was reserved a moment ago is in it.
pub async fn balance(table: &ClinicTable, unit: Unit) -> Result<Balance, TableFault> {
    Ok(Balance::of(unit, last_page(table, unit).await?.as_ref().map(|page| &page.head)))
}

/// A line of the ledger as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When it was booked.
    pub at: Timestamp,
    /// In which page.
    pub page: u64,
    /// What it is.
    pub kind: EntryKind,
    /// What it moves.
    pub amount: i64,
    /// What it does to the balance; 0 for reservations.
    pub on_balance: i64,
    /// In which unit.
    pub unit: Unit,
    /// For which message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Which attempt of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// For which blast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blast: Option<String>,
    /// What the message was for, and which way it took.
    #[serde(skip)]
    pub cell: Option<Cell>,
    /// How many times the rate was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
    /// Under which policy it was reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Which purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase: Option<PurchaseId>,
    /// Why, for what was corrected by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A page of a ledger, last first, as rows. A debit is one row per message; it says what its reservation said.
pub async fn book_of(
    table: &ClinicTable,
    unit: Unit,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Row>, TableFault> {
    let span = LedgerPageKey::within(unit.to_string()).backwards();
    let pages = table.list::<LedgerPage>(&span, limit, after).await?;
    let here: BTreeMap<u64, LedgerPage> =
        pages.items.iter().map(|page| (page.number, (**page).clone())).collect();
    let wanted: BTreeSet<u64> =
        here.values().flat_map(|page| &page.entries).filter_map(reserved_in).collect();
    let away: Vec<_> = wanted
        .into_iter()
        .filter(|number| !here.contains_key(number))
        .map(|number| LedgerPageKey { unit: unit.to_string(), number })
        .collect();
    let mut known = here;
    for page in table.get_many::<LedgerPage>(&away).await?.into_iter().flatten() {
        known.insert(page.number, page.into_value());
    }
    let items = pages
        .items
        .iter()
        .flat_map(|page| page.entries.iter().rev().flat_map(|entry| rows(page, entry, &known)))
        .collect();
    Ok(Page { items, next: pages.next })
}

fn reserved_in(entry: &Entry) -> Option<u64> {
    match entry {
        Entry::Debit { of, .. } | Entry::Refund { of, .. } => Some(*of),
        _ => None,
    }
}

fn rows(page: &LedgerPage, entry: &Entry, known: &BTreeMap<u64, LedgerPage>) -> Vec<Row> {
    let whole = Row {
        at: page.at,
        page: page.number,
        kind: entry.kind(),
        amount: entry.moves().0,
        on_balance: entry.on_balance(),
        unit: page.unit,
        message: None,
        attempt: None,
        blast: None,
        cell: None,
        units: None,
        policy: None,
        purchase: None,
        reason: None,
    };
    match entry {
        Entry::Topup { purchase, .. } => vec![Row { purchase: *purchase, ..whole }],
        Entry::RefundPurchase { purchase, .. } => vec![Row { purchase: Some(*purchase), ..whole }],
        Entry::Adjust { reason, .. } => vec![Row { reason: Some(reason.clone()), ..whole }],
        Entry::Reserve { policy, .. } => vec![Row { policy: Some(policy.clone()), ..whole }],
        Entry::Release { .. } | Entry::Expire { .. } => vec![whole],
        Entry::DebitIn { message, lines, .. } => {
            lines.iter().map(|one| Row { message: Some(*message), ..of_message(&whole, one, 1) }).collect()
        }
        Entry::Debit { of, lines, .. } => lines.iter().map(|one| named(&whole, *of, one, 1, known)).collect(),
        Entry::Refund { of, lines, .. } => {
            lines.iter().map(|one| named(&whole, *of, one, -1, known)).collect()
        }
    }
}

fn of_message(whole: &Row, one: &Booked, sign: i64) -> Row {
    Row {
        amount: one.amount,
        on_balance: -sign * one.amount,
        cell: Some(one.cell),
        units: Some(one.units),
        ..whole.clone()
    }
}

fn named(whole: &Row, of: u64, one: &Booked, sign: i64, known: &BTreeMap<u64, LedgerPage>) -> Row {
    let mut row = of_message(whole, one, sign);
    let entries = known.get(&of).map(|page| page.entries.as_slice()).unwrap_or_default();
    for entry in entries {
        let Entry::Reserve { policy, lines, .. } = entry else { continue };
        row.policy = Some(policy.clone());
        match lines.of(one.part).map(|line| &line.what) {
            Some(What::Message { id, attempt }) => {
                (row.message, row.attempt) = (Some(*id), Some(*attempt));
            }
            Some(What::Blast { id, .. }) => row.blast = Some(id.clone()),
            None => {}
        }
    }
    row
}
