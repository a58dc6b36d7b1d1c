//! Setting aside what messages may cost.

use table::ClinicTable;

use super::{Granted, Hold, Till, settle::Settlement};
use crate::{
    Terms, WalletFault,
    ledger::{Extra, Held, append},
};

/// The most lines of one reservation.
const MOST: usize = 50;

impl Till {
    /// Sets aside what a batch of messages may cost, as far as the balance goes: each ask is granted or not. The
    /// same write books what became of earlier reservations. One write unit for ten messages; nothing is
    /// written if nothing is granted, save the first time.
    ///
    /// A failure leaves nobody worse off: the reservation may stand, and if no attempt carries its mark, it is
    /// released when it runs out.
    pub async fn reserve(
        &self,
        table: &ClinicTable,
        terms: &Terms,
        hold: &Hold,
    ) -> Result<Granted, WalletFault> {
        if hold.lines.len() > MOST {
            return Err(WalletFault::TooMany(hold.lines.len()));
        }
        let unit = terms.policy(table.clock().now()).unit();
        let seat = self.seat(table.clinic(), unit);
        let mut seat = seat.lock().await;
        self.ask_for_left_open(table, unit, &mut seat).await?;
        let ready = std::mem::take(&mut seat.ready);
        let mut contradicted = Vec::new();
        let mut reserved = None;
        let done = append(table, terms, unit, &mut seat, &Extra::default(), |book| {
            contradicted = ready.iter().flat_map(|settlement| settlement.book(book)).collect();
            let (parts, lines) = book.reserve(&hold.mark, &hold.lines, hold.until);
            reserved = Some((lines, book.head.day));
            Ok(parts)
        })
        .await;
        let (parts, page) = match done {
            Ok(done) => done,
            Err(fault) => {
                // It is booked with the next page; booking it twice books it once.
                seat.ready = ready;
                return Err(fault);
            }
        };
        let held = match (page, reserved) {
            (Some(page), Some((lines, day))) if !lines.0.is_empty() => {
                Some(Held { page, day, mark: hold.mark.clone(), lines })
            }
            _ => None,
        };
        self.give_back_all(table, terms, unit, &mut seat, contradicted).await?;
        Ok(Granted { unit, parts, held })
    }

    /// Remembers what became of the asks of a reservation, by their place. It is written with the next
    /// reservation, by [`Till::flush`], or found out by others when the reservation runs out.
    pub async fn settle(
        &self,
        table: &ClinicTable,
        granted: &Granted,
        fates: impl IntoIterator<Item = (usize, super::Fate)>,
    ) {
        let Some(held) = &granted.held else { return };
        let fates: Vec<_> = fates
            .into_iter()
            .filter_map(|(index, fate)| Some(((*granted.parts.get(index)?)?, fate)))
            .collect();
        self.settle_parts(table, granted, held.clone(), fates).await;
    }

    /// Remembers what became of parts of a blast.
    pub async fn settle_blast(
        &self,
        table: &ClinicTable,
        granted: &Granted,
        fates: impl IntoIterator<Item = (u32, super::Fate)>,
    ) {
        let Some(held) = &granted.held else { return };
        self.settle_parts(table, granted, held.clone(), fates.into_iter().collect()).await;
    }

    async fn settle_parts(
        &self,
        table: &ClinicTable,
        granted: &Granted,
        held: Held,
        fates: Vec<(u32, super::Fate)>,
    ) {
        let seat = self.seat(table.clinic(), granted.unit);
        seat.lock().await.ready.push(Settlement { held, fates });
    }
}
