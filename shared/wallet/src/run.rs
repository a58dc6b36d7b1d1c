//! Doing what the wallet has left in the outbox.

use audit::Actor;
use futures::future::BoxFuture;
use kernel::{Fault as _, Id as _, PurchaseId};
use platform::Worked;
use table::{ClinicTable, Table};

use crate::{
    News, PaymentFault, Payments, PurchaseFault, Task, Terms, Till, Unit, WalletErrand,
    activation::overdue,
    expire::expire,
    purchases::{buy, credit},
};

/// Acts on news: alerts the staff, tries again what waited for balance.
pub trait Listener: Send + Sync {
    /// Hears of something, perhaps more than once.
    fn hear<'a>(&'a self, table: &'a ClinicTable, news: &'a News) -> BoxFuture<'a, Worked>;
}

/// Whom errands need.
#[derive(Clone, Copy)]
pub struct Hands<'a> {
    /// Settles reservations.
    pub till: &'a Till,
    /// Takes payments, where the platform has somebody who does.
    pub payments: Option<&'a dyn Payments>,
    /// Acts on news.
    pub listener: &'a dyn Listener,
}

/// Does an errand. Again is the same.
pub async fn run(table: &Table, errand: &WalletErrand, hands: Hands<'_>) -> Worked {
    let table = &table.of(errand.clinic);
    let terms = &Terms::read(table).await?;
    match &errand.task {
        Task::Tell { news } => {
            hands.listener.hear(table, news).await?;
            if let (News::TopUpWanted { unit, package, page }, Some(payments)) = (news, hands.payments) {
                top_up(table, terms, payments, *unit, package, *page).await?;
            }
            Ok(())
        }
        Task::Settle { unit } => Ok(hands.till.sweep(table, terms, *unit).await?),
        Task::Expire { unit, page } => Ok(expire(table, terms, *unit, *page).await?),
        Task::Credit { purchase } => Ok(credit(table, terms, *purchase).await?),
        Task::Review { location, round } => {
            if overdue(table, terms, *location, *round).await? {
                hands.listener.hear(table, &News::ReviewOverdue { location: *location }).await?;
            }
            Ok(())
        }
    }
}

/// Buys the package that a clinic wants bought when its balance is low: once per time that it falls.
async fn top_up(
    table: &ClinicTable,
    terms: &Terms,
    payments: &dyn Payments,
    unit: Unit,
    package: &str,
    page: u64,
) -> Worked {
    let parts = [table.clinic().to_string(), unit.to_string(), page.to_string()];
    let parts: Vec<&str> = std::iter::once("top_up").chain(parts.iter().map(String::as_str)).collect();
    let id = PurchaseId::derived(&parts);
    match buy(table, terms, &Actor::system("wallet"), payments, id, package).await {
        Ok(_) => Ok(()),
        Err(fault @ (PurchaseFault::Payment(PaymentFault::Away(_)) | PurchaseFault::Write(_))) => {
            Err(fault.into())
        }
        // The package was closed, or the clinic is billed otherwise since: it was told of its balance.
        Err(fault) => {
            tracing::warn!(purchase.id = %id, fault.code = fault.code(), "a top-up was not bought");
            Ok(())
        }
    }
}
