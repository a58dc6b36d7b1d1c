//! Booking what became of reservations.

use kernel::Fault as _;
use table::{ClinicTable, keys::LedgerPageKey};

use super::{Fate, Till};
use crate::{
    Terms, Unit, WalletFault,
    ledger::{Book, Extra, Held, Last, LedgerPage, Seat, append, last_page},
};

/// Reservations left open by others that one booking looks after.
const AT_ONCE: usize = 5;

/// What became of parts of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settlement {
    pub(super) held: Held,
    pub(super) fates: Vec<(u32, Fate)>,
}

impl Settlement {
    /// Books it, and tells which parts did not leave although somebody else may have booked them already.
    pub(super) fn book(&self, book: &mut Book<'_>) -> Vec<(u64, u32)> {
        let open = book.head.open.0.iter().find(|open| open.page == self.held.page);
        let settled = |part: u32| open.is_none_or(|open| open.done.has(part));
        let contradicted = self
            .fates
            .iter()
            .filter(|(part, fate)| *fate == Fate::NotSent && settled(*part))
            .map(|(part, _)| (self.held.page, *part))
            .collect();
        book.settle(&self.held, &self.fates);
        contradicted
    }
}

impl Till {
    /// Books what is remembered, now. Costs a write; without it the next reservation does it for nothing.
    pub async fn flush(&self, table: &ClinicTable, terms: &Terms, unit: Unit) -> Result<(), WalletFault> {
        let seat = self.seat(table.clinic(), unit);
        let mut seat = seat.lock().await;
        self.write_down(table, terms, unit, &mut seat).await
    }

    /// Settles what nobody works on any more, and books what is remembered. For the errand that comes when a day
    /// is over.
    pub async fn sweep(&self, table: &ClinicTable, terms: &Terms, unit: Unit) -> Result<(), WalletFault> {
        let seat = self.seat(table.clinic(), unit);
        let mut seat = seat.lock().await;
        seat.last = None;
        self.ask_for_left_open(table, unit, &mut seat).await?;
        self.write_down(table, terms, unit, &mut seat).await
    }

    async fn write_down(
        &self,
        table: &ClinicTable,
        terms: &Terms,
        unit: Unit,
        seat: &mut Seat,
    ) -> Result<(), WalletFault> {
        if seat.ready.is_empty() {
            return Ok(());
        }
        let ready = std::mem::take(&mut seat.ready);
        let mut contradicted = Vec::new();
        let done = append(table, terms, unit, seat, &Extra::default(), |book| {
            contradicted = ready.iter().flat_map(|settlement| settlement.book(book)).collect();
            Ok(())
        })
        .await;
        if let Err(fault) = done {
            seat.ready = ready;
            return Err(fault);
        }
        self.give_back_all(table, terms, unit, seat, contradicted).await
    }

    /// Finds reservations that have run out, and asks what became of them.
    pub(super) async fn ask_for_left_open(
        &self,
        table: &ClinicTable,
        unit: Unit,
        seat: &mut Seat,
    ) -> Result<(), WalletFault> {
        let Some(fates) = &self.fates else { return Ok(()) };
        if seat.last.is_none() {
            seat.last = Some(Last(last_page(table, unit).await?));
        }
        let Some(Last(Some(last))) = &seat.last else { return Ok(()) };
        let now = table.clock().now();
        let is_ours =
            |page: u64, seat: &Seat| seat.ready.iter().any(|settlement| settlement.held.page == page);
        let left: Vec<u64> = last
            .head
            .open
            .0
            .iter()
            .filter(|open| open.until <= now && !is_ours(open.page, seat))
            .map(|open| open.page)
            .take(AT_ONCE)
            .collect();
        for page in left {
            let Some(held) = read_held(table, unit, page).await? else {
                return Err(WalletFault::StrangePage { unit, page });
            };
            match fates.of(table, &held).await {
                Ok(known) => {
                    let fates: Vec<_> = (0u32..).zip(known).filter(|(_, fate)| *fate != Fate::Open).collect();
                    if !fates.is_empty() {
                        seat.ready.push(Settlement { held, fates });
                    }
                }
                // Paying for new messages does not wait for old ones.
                Err(fault) => tracing::warn!(
                    ledger.page = page,
                    fault.code = fault.code(),
                    "it is not known what became of a reservation"
                ),
            }
        }
        Ok(())
    }
}

pub(super) async fn read_held(
    table: &ClinicTable,
    unit: Unit,
    page: u64,
) -> Result<Option<Held>, WalletFault> {
    let key = LedgerPageKey { unit: unit.to_string(), number: page };
    Ok(table.get::<LedgerPage>(&key).await?.as_deref().and_then(Held::of))
}
