//! Who reads what is written about a person, as the routes ask for it.

use std::ops::Deref;

use consent::Address;
use edge::Problem;
use kernel::{ContactId, Detail, Kind, PersonId};
use people::{Person, household::Guardianship};
use table::{ClinicTable, Kept};

/// A person of this clinic; of somebody who was merged into another, the other.
pub(in crate::routes) async fn known(table: &ClinicTable, id: PersonId) -> Result<Kept<Person>, Problem> {
    let person = people::persons::current(table, id).await?;
    person.ok_or_else(|| Problem::new(Kind::NotFound, "person_not_found", format!("there is no person {id}")))
}

/// A person with those who answer for them, and the clinic they come to.
pub(in crate::routes) struct Readers(messaging::Readers);

impl Deref for Readers {
    type Target = messaging::Readers;
    fn deref(&self) -> &messaging::Readers {
        &self.0
    }
}

impl Readers {
    pub(in crate::routes) async fn of(table: &ClinicTable, id: PersonId) -> Result<Self, Problem> {
        Ok(Self(messaging::Readers::of(table, known(table, id).await?).await?))
    }

    /// A contact point of the person or of a guardian, with the guardianship if it is one's.
    pub(in crate::routes) fn address(
        &self,
        contact: ContactId,
        at: &str,
    ) -> Result<(Address, Option<&Guardianship>), Problem> {
        let place = self.everywhere().find(|place| place.contact.id == contact);
        let place = place.ok_or_else(|| {
            let says = "is none of the contact points of the person or of those who answer for them";
            Problem::new(Kind::Invalid, "contact_unknown", "the contact point is not one of the person's")
                .at([Detail::new(at, says)])
        })?;
        let guardianship = self.person.guardians.iter().find(|guardian| guardian.person == place.reader.id);
        Ok((place.address, guardianship))
    }

    /// The contact point that has an address, if it is still there.
    pub(super) fn contact_at(&self, address: table::Digest) -> Option<ContactId> {
        Some(self.everywhere().find(|place| place.address.digest() == address)?.contact.id)
    }
}
