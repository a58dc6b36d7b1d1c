//! Taking in what a payment provider tells.

use table::{ClinicTable, keys::PurchaseKey};

use super::{Purchase, PurchaseFault, State, Told, ToldKind, credit};
use crate::{Task, Terms, WalletErrand};

/// Takes in what a payment provider tells, however often and late, and credits what is paid. Only what comes
/// through a verified callback may get here. Money that comes after the provider had given up is taken; a failure
/// that is told after the money came changes nothing.
pub async fn told(table: &ClinicTable, terms: &Terms, told: &Told) -> Result<(), PurchaseFault> {
    let id = told.purchase;
    for _ in 0..5 {
        let kept = table.get::<Purchase>(&PurchaseKey { purchase: id }).await?;
        let kept = kept.ok_or(PurchaseFault::NotFound(id))?;
        if kept.reference.as_ref().is_some_and(|reference| *reference != told.reference) {
            return Err(PurchaseFault::PaymentDiffers(id));
        }
        let now = table.clock().now();
        let waits = matches!(kept.state, State::Created | State::Pending | State::Failed);
        let mut next = (*kept).clone();
        next.reference = Some(told.reference.clone());
        let mut write = table.write();
        match &told.kind {
            ToldKind::Paid { money, currency } => {
                if (*money, *currency) != (kept.price, kept.currency) {
                    return Err(PurchaseFault::PaymentDiffers(id));
                }
                if !waits {
                    return credit(table, terms, id).await;
                }
                next.failure = None;
                let errand = WalletErrand { clinic: table.clinic(), task: Task::Credit { purchase: id } };
                // If this process dies here, the errand credits it.
                write.replace(&kept, &next.moved(State::Paid, now)).due(
                    now,
                    &format!("wallet/credit/{id}"),
                    &errand,
                );
            }
            ToldKind::Failed { code } => {
                if !waits || kept.state == State::Failed {
                    return Ok(());
                }
                next.failure = Some(code.clone());
                write.replace(&kept, &next.moved(State::Failed, now));
            }
        }
        match write.commit().await {
            Ok(()) if matches!(told.kind, ToldKind::Paid { .. }) => return credit(table, terms, id).await,
            Ok(()) => return Ok(()),
            Err(fault) if fault.is_conflict() => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(PurchaseFault::Stale(id))
}
