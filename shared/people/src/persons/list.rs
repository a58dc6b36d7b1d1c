//! Reading persons, one or many.

use kernel::{Cursor, Limit, Page, PersonId};
use table::{
    ClinicTable, Kept, TableFault,
    keys::{PersonKey, PersonsByName, PersonsOfHousehold},
};

use crate::person::Person;

/// How often a merged person may have been merged on.
const MOST_MERGES: usize = 5;

/// The person of an id as they are now; of somebody who was merged into another, the other.
pub async fn current(table: &ClinicTable, id: PersonId) -> Result<Option<Kept<Person>>, TableFault> {
    let mut person: Option<Kept<Person>> = table.get(&PersonKey { person: id }).await?;
    for _ in 0..MOST_MERGES {
        let Some(into) = person.as_ref().and_then(|person| person.merged_into) else { break };
        person = table.get(&PersonKey { person: into }).await?;
    }
    Ok(person)
}

/// Persons by family name, those whose name begins with `beginning` in any letter case; deleted and merged ones
/// are left out.
pub async fn by_name(
    table: &ClinicTable,
    beginning: &str,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Person>>, TableFault> {
    let span = PersonsByName::all();
    let beginning = beginning.trim().to_lowercase();
    let span = if beginning.is_empty() { span } else { span.beginning(&beginning) };
    table.list(&span, limit, after).await
}

/// The members of a household.
pub async fn of_household(
    table: &ClinicTable,
    household: &str,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Person>>, TableFault> {
    table.list(&PersonsOfHousehold::all(household.to_owned()), limit, after).await
}
