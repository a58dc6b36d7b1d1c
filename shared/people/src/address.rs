//! From an address to the persons it may belong to, and from a guardian to those they answer for.
//!
//! Numbers and mailboxes are shared in families, so an address leads to several persons. The entries are
//! written in the transaction that writes the person.

use std::collections::BTreeSet;

use kernel::{Masked, PersonId};
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Digest, Entity, Kept, TableFault, Write,
    keys::{DependantKey, PersonAddressKey},
};

use crate::{
    contact::{ContactKind, folded},
    person::Person,
};

/// A person at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AtAddress {
    address: Masked<String>,
    person: PersonId,
}

impl Entity for AtAddress {
    type Key = PersonAddressKey;
    fn key(&self) -> PersonAddressKey {
        PersonAddressKey { address: Digest::of(self.address.reveal()), person: self.person }
    }
}

/// A person somebody answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dependant {
    guardian: PersonId,
    person: PersonId,
}

impl Entity for Dependant {
    type Key = DependantKey;
    fn key(&self) -> DependantKey {
        DependantKey { guardian: self.guardian, person: self.person }
    }
}

fn addresses(person: &Person) -> BTreeSet<String> {
    if !person.is_current() {
        return BTreeSet::new();
    }
    let reachable = person.contacts.iter().filter(|contact| contact.kind != ContactKind::App);
    reachable.map(super::contact::ContactPoint::folded).collect()
}

fn guardians(person: &Person) -> BTreeSet<PersonId> {
    if !person.is_current() {
        return BTreeSet::new();
    }
    person.guardians.iter().map(|guardian| guardian.person).collect()
}

/// Writes a person and whatever leads to them. This is the only way a person is written.
pub(crate) fn put_person(write: &mut Write, before: Option<&Kept<Person>>, after: &Person) {
    match before {
        Some(kept) => write.replace(kept, after),
        None => write.create(after),
    };
    let (old, new) = (before.map(|kept| addresses(kept)).unwrap_or_default(), addresses(after));
    for address in new.difference(&old) {
        write.put_always(&AtAddress { address: address.clone().into(), person: after.id });
    }
    for address in old.difference(&new) {
        write.remove(&PersonAddressKey { address: Digest::of(address), person: after.id });
    }
    let (old, new) = (before.map(|kept| guardians(kept)).unwrap_or_default(), guardians(after));
    for guardian in new.difference(&old) {
        write.put_always(&Dependant { guardian: *guardian, person: after.id });
    }
    for guardian in old.difference(&new) {
        write.remove(&DependantKey { guardian: *guardian, person: after.id });
    }
}

/// More people than one address or one guardian has.
const MOST: u16 = 200;

/// The persons of the clinic at an address, an E.164 number or a mailbox, with the contact point that has it.
/// A contact point known to be bad still leads to the person: it may be them who write.
pub async fn persons_at(table: &ClinicTable, address: &str) -> Result<Vec<Kept<Person>>, TableFault> {
    let address = folded(address);
    let entries =
        table.list_short::<AtAddress>(&PersonAddressKey::within(Digest::of(&address)), MOST).await?;
    let keys: Vec<_> = entries.iter().map(|entry| table::keys::PersonKey { person: entry.person }).collect();
    let persons = table.get_many::<Person>(&keys).await?;
    Ok(persons
        .into_iter()
        .flatten()
        .filter(|person| person.contacts.iter().any(|contact| contact.folded() == address))
        .collect())
}

/// The persons a guardian answers for.
pub async fn dependants_of(table: &ClinicTable, guardian: PersonId) -> Result<Vec<Kept<Person>>, TableFault> {
    let entries = table.list_short::<Dependant>(&DependantKey::within(guardian), MOST).await?;
    let keys: Vec<_> = entries.iter().map(|entry| table::keys::PersonKey { person: entry.person }).collect();
    Ok(table.get_many::<Person>(&keys).await?.into_iter().flatten().collect())
}
