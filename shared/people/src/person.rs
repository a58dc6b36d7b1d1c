//! Anyone a clinic talks to.

use std::collections::BTreeSet;

use jiff::civil::Date;
use kernel::{Language, LocationId, Masked, PersonId, PractitionerId, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use table::{
    Entity,
    keys::{PersonKey, PersonsByName, PersonsOfHousehold, Place},
};

use crate::{
    contact::{ContactKind, ContactPoint},
    household::{Guardianship, age_of_majority, comes_of_age},
    origin::Origin,
};

/// What a person is called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Names {
    /// The given names.
    pub given: Masked<String>,
    /// The family name.
    pub family: Masked<String>,
    /// What they like to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred: Option<Masked<String>>,
}

impl Names {
    /// How a message addresses the person: as they like, else by the given name.
    pub fn calling(&self) -> &str {
        self.preferred.as_ref().unwrap_or(&self.given).reveal()
    }

    fn sorted(&self) -> String {
        format!("{} {}", self.family.reveal(), self.given.reveal()).trim().to_lowercase()
    }
}

/// Administrative gender, as FHIR has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Gender {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Another.
    Other,
    /// Not told.
    #[default]
    Unknown,
}

/// A pause of everything that goes to a person by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub at: Timestamp,
    /// Who said so: an id of a caller.
    pub by: String,
    /// Until when; without it, until somebody ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// The wish not to be contacted, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoContact {
    /// Since when.
    pub at: Timestamp,
    /// Who wrote it down: an id of a caller.
    pub by: String,
    /// Why.
    pub reason: Masked<String>,
}

/// A person with everything the sender must know of them: one item, so that one read tells it all.
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own about a person")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The id, derived from the origin.
    pub id: PersonId,
    /// What they are called.
    pub names: Names,
    /// When they were born.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Masked<Date>>,
    /// The date is a guess from an age: good for telling minors, not for birthday greetings.
    #[serde(default)]
    pub birth_date_is_approximate: bool,
    /// Their gender.
    #[serde(default)]
    pub gender: Gender,
    /// The language they want to be written to in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The zone they live in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// The state or territory they live in, two letters in the United States.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal: Option<Masked<String>>,
    /// Whether they are a patient now.
    pub active: bool,
    /// Whether they have died.
    #[serde(default)]
    pub deceased: bool,
    /// How they can be reached, best first.
    #[serde(default)]
    pub contacts: Vec<ContactPoint>,
    /// Who answers for them.
    #[serde(default)]
    pub guardians: Vec<Guardianship>,
    /// The household, by the source's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<String>,
    /// Words the clinic sorts people by.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// Who usually treats them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_provider: Option<PractitionerId>,
    /// Where they usually come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// Nothing goes out by itself while this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automation_paused: Option<Pause>,
    /// The person asked not to be contacted at all.
    #[serde(default)]
    pub do_not_contact: bool,
    /// When that was written down, by whom and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_contact: Option<NoContact>,
    /// The person this one turned out to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<PersonId>,
    /// Persons who turned out to be this one.
    #[serde(default)]
    pub merged: BTreeSet<PersonId>,
    /// Deleted at the source; kept because messages and records refer to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Where it comes from.
    pub origin: Origin,
    /// Since when we know them.
    pub created_at: Timestamp,
}

impl Person {
    /// A person of whom nothing is known but where they come from.
    pub fn new(id: PersonId, origin: Origin, created_at: Timestamp) -> Self {
        Self {
            id,
            names: Names::default(),
            birth_date: None,
            birth_date_is_approximate: false,
            gender: Gender::Unknown,
            language: None,
            zone: None,
            state: None,
            postal: None,
            active: true,
            deceased: false,
            contacts: Vec::new(),
            guardians: Vec::new(),
            household: None,
            tags: BTreeSet::new(),
            primary_provider: None,
            location: None,
            automation_paused: None,
            do_not_contact: false,
            no_contact: None,
            merged_into: None,
            merged: BTreeSet::new(),
            deleted_at: None,
            origin,
            created_at,
        }
    }

    /// Whether anything may go to them by itself at all: not the deceased, inactive, deleted, merged or paused.
    pub fn takes_automation(&self, now: Timestamp) -> bool {
        let paused = self.automation_paused.as_ref().is_some_and(|p| p.until.is_none_or(|until| now < until));
        self.is_current() && self.active && !self.deceased && !self.do_not_contact && !paused
    }

    /// Writes down that they want no contact at all, or that they want it again. The same wish for the same
    /// reason stays the one that was written down first.
    pub(crate) fn wishes_no_contact(&mut self, wish: Option<NoContact>) {
        let same = matches!((&self.no_contact, &wish), (Some(old), Some(new)) if old.reason == new.reason);
        self.do_not_contact = wish.is_some();
        if !same {
            self.no_contact = wish;
        }
    }

    /// Whether this is a person and not a trace of one: neither deleted nor merged into another.
    pub fn is_current(&self) -> bool {
        self.deleted_at.is_none() && self.merged_into.is_none()
    }

    /// The day the person comes of age, by the law of the clinic's state.
    pub fn comes_of_age(&self, state: Option<&str>) -> Option<Date> {
        let born = *self.birth_date.as_ref()?.reveal();
        Some(comes_of_age(born, age_of_majority(state)))
    }

    /// Whether others answer for the person on a day in the clinic's zone. Without a birth date, having a
    /// guardian decides: it is the safer guess.
    pub fn is_minor(&self, today: Date, state: Option<&str>) -> bool {
        self.comes_of_age(state).map_or(!self.guardians.is_empty(), |day| today < day)
    }

    /// The contact points of a kind that may be tried, best first.
    pub fn usable(&self, kind: ContactKind) -> impl Iterator<Item = &ContactPoint> {
        self.contacts.iter().filter(move |contact| contact.kind == kind && contact.is_usable())
    }

    /// The language to write in, out of those there is a text for: theirs with its region, theirs in any
    /// region, else the clinic's usual one.
    pub fn language_among<'a>(&self, offered: &'a [Language], usual: &'a Language) -> &'a Language {
        let Some(wanted) = &self.language else { return usual };
        offered
            .iter()
            .find(|offer| *offer == wanted)
            .or_else(|| offered.iter().find(|offer| offer.as_str() == wanted.primary()))
            .or_else(|| offered.iter().find(|offer| offer.primary() == wanted.primary()))
            .unwrap_or(usual)
    }

    /// The contact points sorted and with ranks from 1.
    pub(crate) fn rank_contacts(&mut self) {
        self.contacts.sort_by_key(|contact| contact.rank);
        for (index, contact) in self.contacts.iter_mut().enumerate() {
            contact.rank = u8::try_from(index + 1).unwrap_or(u8::MAX);
        }
    }
}

impl Entity for Person {
    type Key = PersonKey;

    fn key(&self) -> PersonKey {
        PersonKey { person: self.id }
    }

    fn listed(&self) -> Option<Place> {
        self.is_current().then(|| PersonsByName { name: self.names.sorted(), person: self.id }.into())
    }

    fn held(&self) -> Option<Place> {
        let household = self.household.clone().filter(|_| self.is_current())?;
        Some(PersonsOfHousehold { household, person: self.id }.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use kernel::Id;
    use rstest::rstest;

    use super::*;

    pub(crate) fn person(id: &str) -> Person {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let origin = Origin::new("pms", id, None, at);
        Person::new(PersonId::derived(&[id]), origin, at)
    }

    /// D-24
    #[rstest]
    #[case(Some("es-MX"), "es")]
    #[case(Some("fr"), "fr-CA")]
    #[case(Some("pt"), "en")]
    #[case(None, "en")]
    fn messages_are_in_the_persons_language_or_the_clinics(
        #[case] wanted: Option<&str>,
        #[case] written: &str,
    ) {
        let mut person = person("1");
        person.language = wanted.map(|tag| tag.parse().unwrap());
        let offered: Vec<Language> = ["en", "es-419", "es", "fr-CA"].map(|tag| tag.parse().unwrap()).into();
        assert_eq!(person.language_among(&offered, &Language::english()).as_str(), written);
    }

    #[test]
    fn nothing_goes_by_itself_to_those_who_are_gone_or_paused() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let base = person("1");
        assert!(base.takes_automation(now));
        let spoilt: [fn(&mut Person); 4] = [
            |p| p.deceased = true,
            |p| p.active = false,
            |p| p.do_not_contact = true,
            |p| p.merged_into = Some(PersonId::FIRST),
        ];
        for spoil in spoilt {
            let mut person = base.clone();
            spoil(&mut person);
            assert!(!person.takes_automation(now));
        }
        let mut paused = base;
        let until = now.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        paused.automation_paused =
            Some(Pause { at: now, by: "usr".into(), until: Some(until), reason: "ill".into() });
        assert!(!paused.takes_automation(now) && paused.takes_automation(until));
    }

    #[test]
    fn debug_shows_nobody() {
        let mut person = person("1");
        person.names.given = "Ana".to_owned().into();
        person.birth_date = Some("2001-02-03".parse::<Date>().unwrap().into());
        let shown = format!("{person:?}");
        assert!(!shown.contains("Ana") && !shown.contains("2001"));
    }
}
