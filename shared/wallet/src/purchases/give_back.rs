//! Paying a purchase back, in whole or in part.

use audit::{Actor, Severity};
use kernel::PurchaseId;
use table::{ClinicTable, Kept, Write, WriteFault, keys::PurchaseKey};

use super::{PayOut, Payments, Purchase, PurchaseFault, State};
use crate::{
    Terms, WalletFault,
    ledger::{Extra, Seat, append},
};

/// Takes `amount` of what was bought out of the balance and pays its share of the price back, rounded down to
/// minor units; the last part gets the rest. Only what is available can be given back. The balance goes first: a
/// pay-out that fails is made again by the next call, before anything else.
pub async fn give_back(
    table: &ClinicTable,
    terms: &Terms,
    actor: &Actor,
    payments: &dyn Payments,
    id: PurchaseId,
    version: u64,
    amount: i64,
) -> Result<Kept<Purchase>, PurchaseFault> {
    let kept = read(table, id).await?;
    if kept.paying_out.is_some() {
        return pay_out(table, payments, kept).await;
    }
    if kept.rev() != version {
        return Err(PurchaseFault::Stale(id));
    }
    if kept.state != State::Credited {
        return Err(PurchaseFault::State { id, state: kept.state.name() });
    }
    let returned = kept.returned.saturating_add(amount);
    if amount <= 0 || returned > kept.amount {
        return Err(PurchaseFault::TooMuch(id));
    }
    // The share of everything that was given back so far, so that parts add up to the whole.
    let share = i128::from(kept.price) * i128::from(returned) / i128::from(kept.amount);
    let share = i64::try_from(share).unwrap_or(kept.price);
    let money = share - kept.paid_back;
    let mut next = (*kept).clone();
    next.returned = returned;
    next.paid_back = share;
    next.paying_out = Some(PayOut { key: format!("{id}/{returned}"), money });
    if returned == kept.amount {
        next = next.moved(State::Refunded, table.clock().now());
    }
    let deed = actor
        .did("purchase.returned")
        .on("purchase", id)
        .severity(Severity::Warning)
        .change("returned", kept.returned, returned)
        .entry(table);
    let with = |write: &mut Write| {
        write.replace(&kept, &next).create(&deed);
    };
    let extra = Extra { with: Some(&with), ..Extra::default() };
    let unit = kept.unit;
    let done = append(table, terms, unit, &mut Seat::default(), &extra, |book| {
        if book.give_back(amount, id) { Ok(()) } else { Err(WalletFault::Insufficient(unit)) }
    })
    .await;
    match done {
        Ok(_) => pay_out(table, payments, kept.followed_by(next)).await,
        Err(WalletFault::Write(WriteFault::Conflict { kind: "purchase", .. })) => {
            Err(PurchaseFault::Stale(id))
        }
        Err(fault) => Err(fault.into()),
    }
}

async fn read(table: &ClinicTable, id: PurchaseId) -> Result<Kept<Purchase>, PurchaseFault> {
    let kept = table.get::<Purchase>(&PurchaseKey { purchase: id }).await?;
    kept.ok_or(PurchaseFault::NotFound(id))
}

async fn pay_out(
    table: &ClinicTable,
    payments: &dyn Payments,
    kept: Kept<Purchase>,
) -> Result<Kept<Purchase>, PurchaseFault> {
    let Some(pay_out) = kept.paying_out.clone() else { return Ok(kept) };
    if pay_out.money > 0 {
        payments.pay_back(&kept, pay_out.money, &pay_out.key).await?;
    }
    let next = Purchase { paying_out: None, ..(*kept).clone() };
    let mut write = table.write();
    write.replace(&kept, &next);
    match write.commit().await {
        Ok(()) => Ok(kept.followed_by(next)),
        // Another call has made the same pay-out.
        Err(fault) if fault.is_conflict() => read(table, kept.id).await,
        Err(fault) => Err(fault.into()),
    }
}
