//! Lists of appointments.

use kernel::{Cursor, Limit, Page, PersonId, Timestamp};
use table::{
    ClinicTable, Kept, TableFault,
    keys::{AppointmentsByStart, AppointmentsOfPerson},
};

use super::{Appointment, Filter};

/// The clinic's appointments that begin from `from` to `to`, both included, in order of their start, in the
/// words of `filter` if there is one. A page may be short and still have a next one.
pub async fn between(
    table: &ClinicTable,
    from: Timestamp,
    to: Timestamp,
    filter: Option<Filter>,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Appointment>>, TableFault> {
    let span = AppointmentsByStart::all().from(&from).to(&to);
    match filter {
        None => table.list(&span, limit, after).await,
        Some(filter) => table.list_where(&span, limit, after, |a: &Appointment| a.is_in(filter)).await,
    }
}

/// A person's appointments that begin at `from` or later, in order of their start.
pub async fn of_person(
    table: &ClinicTable,
    person: PersonId,
    from: Timestamp,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Appointment>>, TableFault> {
    table.list(&AppointmentsOfPerson::all(person).from(&from), limit, after).await
}
