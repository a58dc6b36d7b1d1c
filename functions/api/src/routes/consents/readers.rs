//! Who reads what is written about a person, and where.

use consent::Address;
use edge::Problem;
use kernel::{Category, Channel, ContactId, Detail, Kind, PersonId, Timestamp, Zone};
use people::{Clinic, ContactKind, ContactPoint, Person, household::Guardianship};
use table::{ClinicTable, Kept, keys::PersonKey};

/// A person of this clinic; of somebody who was merged into another, the other.
pub(in crate::routes) async fn known(table: &ClinicTable, id: PersonId) -> Result<Kept<Person>, Problem> {
    let person = people::persons::current(table, id).await?;
    person.ok_or_else(|| Problem::new(Kind::NotFound, "person_not_found", format!("there is no person {id}")))
}

/// A person with those who answer for them, and the clinic they come to.
pub(in crate::routes) struct Readers {
    pub(in crate::routes) person: Kept<Person>,
    guardians: Vec<Person>,
    pub(super) clinic: Option<Clinic>,
}

/// A contact point of somebody who reads.
pub(super) struct Place<'a> {
    pub(super) channel: Channel,
    pub(super) contact: &'a ContactPoint,
    pub(super) reader: &'a Person,
    pub(super) is_guardian: bool,
    pub(super) address: Address,
}

/// The channel and the address of a contact point, as the sender takes it: texts go to numbers that were given
/// for texts.
fn reached(contact: &ContactPoint) -> Option<(Channel, Address)> {
    match contact.kind {
        ContactKind::Text => Some((Channel::Sms, Address::Phone(contact.phone()?))),
        ContactKind::Phone | ContactKind::WorkPhone => {
            Some((Channel::Voice, Address::Phone(contact.phone()?)))
        }
        ContactKind::Email | ContactKind::WorkEmail => {
            Some((Channel::Email, Address::Email(contact.email()?)))
        }
        ContactKind::App => Some((Channel::Push, Address::Device(contact.value.clone()))),
    }
}

fn places(reader: &Person, is_guardian: bool) -> impl Iterator<Item = Place<'_>> {
    reader.contacts.iter().filter_map(move |contact| {
        let (channel, address) = reached(contact)?;
        Some(Place { channel, contact, reader, is_guardian, address })
    })
}

impl Readers {
    pub(in crate::routes) async fn of(table: &ClinicTable, id: PersonId) -> Result<Self, Problem> {
        let person = known(table, id).await?;
        let keys: Vec<_> =
            person.guardians.iter().map(|guardian| PersonKey { person: guardian.person }).collect();
        let guardians = table.get_many::<Person>(&keys).await?.into_iter().flatten();
        let guardians = guardians.map(Kept::into_value).collect();
        let clinic = Clinic::read(table).await?.map(Kept::into_value);
        Ok(Self { person, guardians, clinic })
    }

    /// The state whose law holds for somebody.
    pub(super) fn state<'a>(&'a self, of: &'a Person) -> Option<&'a str> {
        of.state.as_deref().or_else(|| self.clinic.as_ref()?.state.as_deref())
    }

    /// Whether others answer for the person at a moment.
    pub(super) fn minor_at(&self, at: Timestamp) -> bool {
        let zone = self.clinic.as_ref().map_or_else(Zone::utc, |clinic| clinic.zone.clone());
        self.person.is_minor(zone.wall(at).date(), self.state(&self.person))
    }

    /// Where a message of a category about the person could go at a moment, in the order to try: to a minor's
    /// guardians who get such messages, else to the person.
    pub(super) fn places(&self, category: Category, at: Timestamp) -> Vec<Place<'_>> {
        if !self.minor_at(at) {
            return places(&self.person, false).collect();
        }
        let covering = self.person.guardians.iter().filter(|guardian| guardian.covers(category));
        let known = covering.filter_map(|of| self.guardians.iter().find(|person| person.id == of.person));
        known
            .filter(|guardian| !guardian.deceased && guardian.is_current() && !guardian.do_not_contact)
            .flat_map(|guardian| places(guardian, true))
            .collect()
    }

    /// A contact point of the person or of a guardian, with the guardianship if it is one's.
    pub(in crate::routes) fn address(
        &self,
        contact: ContactId,
        at: &str,
    ) -> Result<(Address, Option<&Guardianship>), Problem> {
        let everybody = std::iter::once(&*self.person).chain(&self.guardians);
        let place =
            everybody.flat_map(|person| places(person, true)).find(|place| place.contact.id == contact);
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
        let everybody = std::iter::once(&*self.person).chain(&self.guardians);
        let mut all = everybody.flat_map(|person| places(person, true));
        Some(all.find(|place| place.address.digest() == address)?.contact.id)
    }
}
