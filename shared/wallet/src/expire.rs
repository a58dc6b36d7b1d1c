//! Letting run out what is left of something that was bought for a time.

use table::{ClinicTable, WriteFault, keys::LedgerPageKey};

use crate::{
    Terms, Unit, WalletFault,
    ledger::{Entry, Extra, LedgerPage, Seat, append},
};

/// Lets run out what is left of what came in with a page, once its time is over. What came in first is spent
/// first.
pub async fn expire(table: &ClinicTable, terms: &Terms, unit: Unit, page: u64) -> Result<(), WalletFault> {
    let strange = || WalletFault::StrangePage { unit, page };
    let key = LedgerPageKey { unit: unit.to_string(), number: page };
    let there = table.get::<LedgerPage>(&key).await?.ok_or_else(strange)?;
    let came = there.entries.iter().find_map(|entry| match entry {
        Entry::Topup { amount, ends: Some(ends), .. } => Some((*amount, *ends)),
        _ => None,
    });
    let (amount, ends) = came.ok_or_else(strange)?;
    if ends > table.clock().now() {
        return Ok(());
    }
    let extra = Extra { once: Some(format!("expire/{unit}/{page}")), ..Extra::default() };
    let done = append(table, terms, unit, &mut Seat::default(), &extra, |book| {
        book.expire_lot(page, amount, there.head.put_in);
        Ok(())
    })
    .await;
    match done {
        Ok(_) | Err(WalletFault::Write(WriteFault::Conflict { kind: "booked_once", .. })) => Ok(()),
        Err(fault) => Err(fault),
    }
}
