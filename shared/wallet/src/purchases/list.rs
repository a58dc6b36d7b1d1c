//! Looking at purchases.

use kernel::{Cursor, Limit, Page, PurchaseId};
use table::{
    ClinicTable, Kept, TableFault,
    keys::{PurchaseKey, PurchasesByTime},
};

use super::Purchase;

/// A purchase, if the clinic has made it.
pub async fn purchase(table: &ClinicTable, id: PurchaseId) -> Result<Option<Kept<Purchase>>, TableFault> {
    table.get::<Purchase>(&PurchaseKey { purchase: id }).await
}

/// Purchases, last first: who bought what, when, for how much, and how it was paid.
pub async fn purchases(
    table: &ClinicTable,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Purchase>>, TableFault> {
    table.list(&PurchasesByTime::all().backwards(), limit, after).await
}
