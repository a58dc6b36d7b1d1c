//! Metering what comes in.

use kernel::MessageId;
use table::{ClinicTable, WriteFault};

use super::Till;
use crate::{
    Cell, Direction, Measure, Place, Terms, WalletFault,
    ledger::{Extra, append},
};

impl Till {
    /// Books a message that came in, once, at the rate for it, which is nothing unless the clinic's prices name
    /// one. It takes no more than there is: no balance ever keeps a message out, so store it first. Without a
    /// rate nothing is written.
    pub async fn received(
        &self,
        table: &ClinicTable,
        terms: &Terms,
        place: &Place,
        message: MessageId,
        cell: Cell,
        measure: &Measure,
    ) -> Result<(), WalletFault> {
        let now = table.clock().now();
        let unit = terms.policy(now).unit();
        let price = terms.price(place, cell, Direction::In, measure, now)?;
        if price.amount == 0 {
            return Ok(());
        }
        let seat = self.seat(table.clinic(), unit);
        let mut seat = seat.lock().await;
        let extra = Extra { once: Some(format!("in/{message}")), ..Extra::default() };
        let done = append(table, terms, unit, &mut seat, &extra, |book| {
            book.came_in(message, cell, price.units, price.amount);
            Ok(())
        })
        .await;
        match done {
            Ok(_) | Err(WalletFault::Write(WriteFault::Conflict { kind: "booked_once", .. })) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}
