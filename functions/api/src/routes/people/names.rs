//! The names that a list shows beside ids.

use std::collections::{BTreeMap, BTreeSet};

use access::Field;
use edge::Staff;
use kernel::PersonId;
use people::{Person, person::Names as Called};
use table::{ClinicTable, TableFault, keys::PersonKey};

/// A given and a family name, as a list shows them.
pub(crate) fn full(names: &Called) -> String {
    format!("{} {}", names.given.reveal(), names.family.reveal()).trim().to_owned()
}

/// Names by person; empty for those who are not shown them.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<PersonId, String>);

impl Names {
    /// Reads the names of a page.
    pub(crate) async fn of(
        table: &ClinicTable,
        staff: &Staff,
        persons: impl IntoIterator<Item = PersonId>,
    ) -> Result<Self, TableFault> {
        let persons: BTreeSet<_> = persons.into_iter().collect();
        if persons.is_empty() || !staff.shows(Field::PersonName) {
            return Ok(Self::default());
        }
        let keys: Vec<_> = persons.into_iter().map(|person| PersonKey { person }).collect();
        let found = table.get_many::<Person>(&keys).await?;
        Ok(Self(found.into_iter().flatten().map(|person| (person.id, full(&person.names))).collect()))
    }

    /// The name of one of them.
    pub(crate) fn get(&self, person: PersonId) -> Option<String> {
        self.0.get(&person).cloned()
    }
}
