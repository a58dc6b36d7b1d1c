//! Visits that begin soon and that nobody has confirmed.

use jiff::SignedDuration;
use kernel::{Cursor, Limit, Page};
use people::appointments::{Answer, Appointment};
use table::{ClinicTable, Kept, TableFault, keys::AppointmentsByStart};

/// How long before its start a visit should be confirmed; later the front desk calls.
pub const CONFIRMED_BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// Visits of the next hours that nobody has confirmed, in order of their start: the list of the front desk. A
/// page may be short and still have a next one.
pub async fn unconfirmed(
    table: &ClinicTable,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Appointment>>, TableFault> {
    let now = table.clock().now();
    let soon = now.saturating_add(CONFIRMED_BEFORE).unwrap_or(now);
    let span = AppointmentsByStart::all().from(&now).to(&soon);
    let open = |visit: &Appointment| visit.is_ahead(now) && visit.confirmation.answer != Answer::Confirmed;
    table.list_where(&span, limit, after, open).await
}
