//! Beginning a purchase.

use std::collections::BTreeMap;

use audit::Actor;
use kernel::PurchaseId;
use table::{ClinicTable, Kept, WriteFault, keys::PurchaseKey};

use super::{PaymentFault, Payments, Purchase, PurchaseFault, State, package};
use crate::Terms;

/// Buys a package and begins its payment. Derive the id from the request: the same id is the same purchase, and
/// asking again goes on where the first time ended.
pub async fn buy(
    table: &ClinicTable,
    terms: &Terms,
    actor: &Actor,
    payments: &dyn Payments,
    id: PurchaseId,
    wanted: &str,
) -> Result<Kept<Purchase>, PurchaseFault> {
    let now = table.clock().now();
    let kept = match table.get::<Purchase>(&PurchaseKey { purchase: id }).await? {
        Some(kept) if kept.package != wanted => return Err(PurchaseFault::Different(id)),
        Some(kept) => kept,
        None => {
            let package = package(wanted).ok_or(PurchaseFault::NoPackage)?;
            if !package.is_open(now) {
                return Err(PurchaseFault::Closed);
            }
            if package.unit != terms.policy(now).unit() {
                return Err(PurchaseFault::OtherUnit);
            }
            let purchase = Purchase {
                id,
                package: package.id.clone(),
                unit: package.unit,
                amount: package.amount,
                price: package.price,
                currency: package.currency,
                state: State::Created,
                times: BTreeMap::from([(State::Created, now)]),
                by: actor.who.clone(),
                at: now,
                reference: None,
                url: None,
                failure: None,
                returned: 0,
                paid_back: 0,
                paying_out: None,
            };
            let mut write = table.write();
            let deed = actor.did("purchase.begun").on("purchase", id).change_of(
                "price",
                None,
                Some(purchase.price.into()),
            );
            write.create(&purchase).create(&deed.entry(table));
            match write.commit().await {
                Ok(()) => Kept::first(purchase),
                // The same request ran beside this one.
                Err(WriteFault::Conflict { kind: "purchase", .. }) => {
                    let kept = table.get::<Purchase>(&PurchaseKey { purchase: id }).await?;
                    kept.ok_or(PurchaseFault::NotFound(id))?
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    };
    if kept.state != State::Created {
        return Ok(kept);
    }
    let next = match payments.begin(&kept).await {
        Ok(begun) => Purchase { reference: Some(begun.reference), url: begun.url, ..(*kept).clone() }
            .moved(State::Pending, now),
        Err(PaymentFault::Refused(code)) => {
            Purchase { failure: Some(code), ..(*kept).clone() }.moved(State::Failed, now)
        }
        Err(fault) => return Err(fault.into()),
    };
    let mut write = table.write();
    write.replace(&kept, &next);
    match write.commit().await {
        Ok(()) => Ok(kept.followed_by(next)),
        // The provider told us the end before we had written the beginning.
        Err(fault) if fault.is_conflict() => {
            let kept = table.get::<Purchase>(&PurchaseKey { purchase: id }).await?;
            kept.ok_or(PurchaseFault::NotFound(id))
        }
        Err(fault) => Err(fault.into()),
    }
}
