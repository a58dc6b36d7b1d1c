//! Whose contact points a message about a person goes to.

use jiff::civil::Date;
use kernel::Category;

use crate::{
    contact::{ContactKind, ContactPoint},
    person::Person,
};

/// Somebody who is reached on behalf of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient<'a> {
    /// Who is written to: the person or a guardian.
    pub person: &'a Person,
    /// Whether it is a guardian.
    pub is_guardian: bool,
    /// Their contact points that may be tried, best first.
    pub contacts: Vec<&'a ContactPoint>,
}

/// Why nobody can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoReach {
    /// The person has died, is deleted or was merged into another.
    Gone,
    /// The person asked not to be contacted.
    DoNotContact,
    /// A minor without a guardian we know.
    NoGuardian,
    /// A minor whose guardians do not get this kind of message.
    NoGuardianForThis,
    /// Nobody of those who may be written to has a contact point that works.
    NoContactPoint,
}

impl NoReach {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Gone => "person_gone",
            Self::DoNotContact => "do_not_contact",
            Self::NoGuardian => "no_guardian",
            Self::NoGuardianForThis => "no_guardian_for_category",
            Self::NoContactPoint => "no_contact_point",
        }
    }
}

/// Who is written to about `person`: an adult themselves, a minor never, but each guardian who gets this kind
/// of message. `guardians` are the persons whom [`Person::guardians`] names, in any order; `today` is the date
/// in the clinic's zone and `state` the clinic's, whose law tells from which age on people answer for
/// themselves.
pub fn contacts_for<'a>(
    person: &'a Person,
    guardians: &'a [Person],
    category: Category,
    today: Date,
    state: Option<&str>,
) -> Result<Vec<Recipient<'a>>, NoReach> {
    if person.deceased || !person.is_current() {
        return Err(NoReach::Gone);
    }
    if person.do_not_contact {
        return Err(NoReach::DoNotContact);
    }
    let recipients: Vec<_> = if person.is_minor(today, state) {
        if person.guardians.is_empty() {
            return Err(NoReach::NoGuardian);
        }
        let covering = person.guardians.iter().filter(|guardian| guardian.covers(category));
        let written: Vec<_> = covering
            .filter_map(|guardian| guardians.iter().find(|known| known.id == guardian.person))
            .filter(|guardian| !guardian.deceased && guardian.is_current() && !guardian.do_not_contact)
            .collect();
        if written.is_empty() {
            return Err(NoReach::NoGuardianForThis);
        }
        written.into_iter().map(|guardian| recipient(guardian, true)).collect()
    } else {
        vec![recipient(person, false)]
    };
    let reached: Vec<_> = recipients.into_iter().filter(|r| !r.contacts.is_empty()).collect();
    if reached.is_empty() { Err(NoReach::NoContactPoint) } else { Ok(reached) }
}

fn recipient(person: &Person, is_guardian: bool) -> Recipient<'_> {
    let mut contacts: Vec<_> = person.contacts.iter().filter(|contact| contact.is_usable()).collect();
    contacts.sort_by_key(|contact| contact.rank);
    Recipient { person, is_guardian, contacts }
}

impl Recipient<'_> {
    /// The best contact point of a kind.
    pub fn best(&self, kind: ContactKind) -> Option<&ContactPoint> {
        self.contacts.iter().copied().find(|contact| contact.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kernel::PersonId;

    use super::*;
    use crate::{
        contact::ContactStatus,
        household::{Guardianship, Relation},
        person::tests::person,
        phone::Region,
    };

    fn with_text(id: &str, number: &str) -> Person {
        let mut person = person(id);
        person
            .contacts
            .push(ContactPoint::read(person.id, ContactKind::Text, number, 1, Region::us()).unwrap());
        person
    }

    fn guarded(person: &mut Person, guardian: PersonId, scopes: &[Category]) {
        let scopes: BTreeSet<_> = scopes.iter().copied().collect();
        person.guardians.push(Guardianship {
            person: guardian,
            relation: Relation::Parent,
            scopes,
            can_consent: true,
        });
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// D-23
    #[test]
    fn a_minor_is_reached_through_guardians_until_the_birthday() {
        let mother = with_text("mother", "212-555-0101");
        let mut child = with_text("child", "212-555-0102");
        child.birth_date = Some(day("2008-11-22").into());
        guarded(&mut child, mother.id, &[Category::Appointment]);
        let guardians = [mother.clone()];
        let on =
            |today| contacts_for(&child, &guardians, Category::Appointment, day(today), Some("NY")).unwrap();
        let before = on("2026-11-21");
        assert_eq!((before.len(), before[0].person.id, before[0].is_guardian), (1, mother.id, true));
        let after = on("2026-11-22");
        assert_eq!((after.len(), after[0].person.id, after[0].is_guardian), (1, child.id, false));
    }

    /// D-23
    #[test]
    fn two_guardians_get_what_each_is_there_for() {
        let (mother, father) = (with_text("mother", "212-555-0101"), with_text("father", "212-555-0103"));
        let mut child = person("child");
        child.birth_date = Some(day("2016-01-01").into());
        guarded(&mut child, mother.id, &[Category::Appointment, Category::Treatment]);
        guarded(&mut child, father.id, &[Category::Appointment, Category::Billing]);
        let guardians = [father.clone(), mother.clone()];
        let who = |category| {
            contacts_for(&child, &guardians, category, day("2026-11-22"), None)
                .map(|found| found.iter().map(|recipient| recipient.person.id).collect::<Vec<_>>())
        };
        assert_eq!(who(Category::Appointment), Ok(vec![mother.id, father.id]));
        assert_eq!(who(Category::Billing), Ok(vec![father.id]));
        assert_eq!(who(Category::Treatment), Ok(vec![mother.id]));
        assert_eq!(who(Category::Marketing), Err(NoReach::NoGuardianForThis));
    }

    #[test]
    fn why_nobody_can_be_reached_is_told() {
        let today = day("2026-11-22");
        let why = |person: &Person| contacts_for(person, &[], Category::General, today, None).unwrap_err();
        let mut bad = with_text("1", "212-555-0101");
        bad.contacts[0].status = ContactStatus::Bad;
        assert_eq!(why(&bad), NoReach::NoContactPoint);
        bad.do_not_contact = true;
        assert_eq!(why(&bad), NoReach::DoNotContact);
        bad.deceased = true;
        assert_eq!(why(&bad), NoReach::Gone);
        let mut child = with_text("2", "212-555-0102");
        child.birth_date = Some(day("2020-01-01").into());
        assert_eq!(why(&child), NoReach::NoGuardian);
    }
}
