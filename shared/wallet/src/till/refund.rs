//! Giving back what was booked for a message that never left.

use kernel::Limit;
use table::{ClinicTable, WriteFault, keys::LedgerPageKey};

use super::{
    Charge, Fate, Till,
    settle::{Settlement, read_held},
};
use crate::{
    Terms, Unit, WalletFault,
    ledger::{Booked, Entry, Extra, Held, LedgerPage, Seat, append},
};

impl Till {
    /// Gives back the charge of an attempt that turned out not to have been sent. Again is the same: a charge
    /// is given back once, and one that was never booked is not.
    pub async fn refund(
        &self,
        table: &ClinicTable,
        terms: &Terms,
        charge: &Charge,
    ) -> Result<(), WalletFault> {
        let unit = charge.unit;
        let seat = self.seat(table.clinic(), unit);
        let mut seat = seat.lock().await;
        let Some(held) = read_held(table, unit, charge.page).await? else {
            return Err(WalletFault::StrangePage { unit, page: charge.page });
        };
        // If the reservation is open, it is simply settled so; if not, the contradiction is seen and given back.
        for settlement in seat.ready.iter_mut().filter(|settlement| settlement.held.page == charge.page) {
            settlement.fates.retain(|(part, _)| *part != charge.part);
        }
        seat.ready.retain(|settlement| !settlement.fates.is_empty());
        let ready = [Settlement { held, fates: vec![(charge.part, Fate::NotSent)] }];
        let mut contradicted = Vec::new();
        append(table, terms, unit, &mut seat, &Extra::default(), |book| {
            contradicted = ready.iter().flat_map(|settlement| settlement.book(book)).collect();
            Ok(())
        })
        .await?;
        self.give_back_all(table, terms, unit, &mut seat, contradicted).await
    }

    /// Gives back parts that were settled already, if they were booked.
    pub(super) async fn give_back_all(
        &self,
        table: &ClinicTable,
        terms: &Terms,
        unit: Unit,
        seat: &mut Seat,
        parts: Vec<(u64, u32)>,
    ) -> Result<(), WalletFault> {
        for (page, part) in parts {
            let Some(held) = read_held(table, unit, page).await? else { continue };
            let Some(booked) = find_booked(table, unit, page, part).await? else { continue };
            give_back(table, terms, unit, seat, &held, booked).await?;
        }
        Ok(())
    }
}

async fn give_back(
    table: &ClinicTable,
    terms: &Terms,
    unit: Unit,
    seat: &mut Seat,
    held: &Held,
    booked: Booked,
) -> Result<(), WalletFault> {
    let once = Some(format!("refund/{unit}/{}/{}", held.page, booked.part));
    let extra = Extra { once, ..Extra::default() };
    let done = append(table, terms, unit, seat, &extra, |book| {
        book.refund(held, booked);
        Ok(())
    })
    .await;
    match done {
        Ok(_) | Err(WalletFault::Write(WriteFault::Conflict { kind: "booked_once", .. })) => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// What was booked for a part of a reservation, if it was. Reservations are settled soon after they are made, so
/// it is found near.
async fn find_booked(
    table: &ClinicTable,
    unit: Unit,
    page: u64,
    part: u32,
) -> Result<Option<Booked>, WalletFault> {
    let span = LedgerPageKey::within(unit.to_string()).from(&page);
    let mut next = None;
    loop {
        let pages = table.list::<LedgerPage>(&span, Limit::MOST, next.as_ref()).await?;
        for there in &pages.items {
            for entry in &there.entries {
                let Entry::Debit { of, lines, .. } = entry else { continue };
                if let Some(booked) = lines.iter().find(|one| *of == page && one.part == part) {
                    return Ok(Some(*booked));
                }
            }
            // Nothing is booked on a reservation that is closed.
            if !there.head.open.0.iter().any(|open| open.page == page) {
                return Ok(None);
            }
        }
        next = pages.next;
        if next.is_none() {
            return Ok(None);
        }
    }
}
