//! Putting what was bought into the balance.

use jiff::SignedDuration;
use kernel::{PurchaseId, Timestamp};
use table::{ClinicTable, Write, WriteFault, keys::PurchaseKey};

use super::{Purchase, PurchaseFault, State, package};
use crate::{
    Task, Terms, WalletFault,
    ledger::{Extra, Seat, append},
};

/// Credits a purchase that is paid, in one transaction with its state: once, however often it is asked for.
pub async fn credit(table: &ClinicTable, terms: &Terms, id: PurchaseId) -> Result<(), PurchaseFault> {
    let kept = table.get::<Purchase>(&PurchaseKey { purchase: id }).await?;
    let kept = kept.ok_or(PurchaseFault::NotFound(id))?;
    if kept.state != State::Paid {
        return Ok(());
    }
    let now = table.clock().now();
    let next = (*kept).clone().moved(State::Credited, now);
    let lasts = package(&kept.package).and_then(|package| package.lasts_days);
    let ends = lasts.map(|days| {
        let lasts = SignedDuration::from_hours(24 * i64::from(days));
        now.saturating_add(lasts).unwrap_or(Timestamp::MAX)
    });
    let unit = kept.unit;
    let with = |write: &mut Write| {
        write.replace(&kept, &next);
    };
    let expire = |page| (ends.unwrap_or(now), Task::Expire { unit, page });
    let extra =
        Extra { once: None, with: Some(&with), later: if ends.is_some() { Some(&expire) } else { None } };
    let done = append(table, terms, unit, &mut Seat::default(), &extra, |book| {
        book.top_up(kept.amount, id, ends);
        Ok(())
    })
    .await;
    match done {
        Ok(_) | Err(WalletFault::Write(WriteFault::Conflict { kind: "purchase", .. })) => Ok(()),
        Err(fault) => Err(fault.into()),
    }
}
