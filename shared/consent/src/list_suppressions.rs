//! The addresses that messages are stopped to.

use kernel::{Cursor, Limit, Page};
use table::{ClinicTable, Kept, TableFault, keys::SuppressedSince};

use crate::ledger::Standing;

/// A page of suppressed addresses with what stops messages to each, the latest first. The list is a moment
/// behind; what the gate reads is not.
pub async fn list_suppressions(
    table: &ClinicTable,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Standing>>, TableFault> {
    let span = SuppressedSince::all().backwards();
    table.list_where(&span, limit, after, |standing: &Standing| standing.suppressed_since().is_some()).await
}
