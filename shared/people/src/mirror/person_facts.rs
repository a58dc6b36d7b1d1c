//! What another system says about a person.

use std::collections::BTreeSet;

use jiff::civil::Date;
use kernel::{Category, Detail, Language, LocationId, PersonId, PractitionerId, Zone};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Reading,
    read::{Given, Object},
};
use crate::{
    contact::{ContactKind, ContactPoint},
    household::{Guardianship, Relation},
    origin::is_source_id,
    person::{Gender, Names, Person},
};

/// What another system says about a person. What it leaves out stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonFacts {
    given_name: Given<String>,
    family_name: Given<String>,
    preferred_name: Given<String>,
    birth: Given<(Date, bool)>,
    gender: Given<Gender>,
    language: Given<Language>,
    zone: Given<Zone>,
    state: Given<String>,
    postal: Given<String>,
    pub(crate) active: Given<bool>,
    pub(crate) deceased: Given<bool>,
    /// All contact points, or those of some kinds.
    contacts: Given<Vec<ContactPoint>>,
    kinds: Vec<(ContactKind, Option<ContactPoint>)>,
    guardians: Given<Vec<Guardianship>>,
    household: Given<String>,
    tags: Given<BTreeSet<String>>,
    primary_provider: Given<PractitionerId>,
    location: Given<LocationId>,
}

/// More contact points, guardians or tags than a person has.
const MOST: usize = 30;

const KINDS: [(&str, ContactKind); 6] = [
    ("text", ContactKind::Text),
    ("email", ContactKind::Email),
    ("phone", ContactKind::Phone),
    ("work_phone", ContactKind::WorkPhone),
    ("work_email", ContactKind::WorkEmail),
    ("app", ContactKind::App),
];

pub(crate) fn gender(word: &str) -> Option<Gender> {
    match word.to_ascii_lowercase().as_str() {
        "female" | "f" => Some(Gender::Female),
        "male" | "m" => Some(Gender::Male),
        "other" | "x" => Some(Gender::Other),
        "unknown" | "u" => Some(Gender::Unknown),
        _ => None,
    }
}

fn relation(word: &str) -> Option<Relation> {
    match word.to_ascii_uppercase().as_str() {
        "PARENT" | "PRN" => Some(Relation::Parent),
        "MOTHER" | "MTH" => Some(Relation::Mother),
        "FATHER" | "FTH" => Some(Relation::Father),
        "GUARDIAN" | "GUARD" => Some(Relation::Guardian),
        "OTHER" => Some(Relation::Other),
        _ => None,
    }
}

impl PersonFacts {
    /// Reads the facts about `person`. Contact points that cannot be read are problems, or with
    /// [`Reading::drops_bad_contacts`] warnings.
    pub fn read(
        reading: &Reading<'_>,
        person: PersonId,
        value: &Value,
        at: &str,
        warnings: &mut Vec<Detail>,
    ) -> Result<Self, Vec<Detail>> {
        let mut object = Object::of(value, at)?;
        let mut facts = Self {
            given_name: object.text("given_name", 100),
            family_name: object.text("family_name", 100),
            preferred_name: object.text("preferred_name", 100),
            birth: object.date("birth_date").map(|date| (date, false)),
            gender: object.word("gender", "must be FEMALE, MALE, OTHER or UNKNOWN", gender),
            language: object
                .word("language", "must be a language tag such as en or es-MX", |text| text.parse().ok()),
            zone: object.zone("zone"),
            state: object.text("state", 40),
            postal: object.text("postal", 20),
            active: object.flag("active"),
            deceased: object.flag("deceased"),
            household: object.text("household", 120),
            primary_provider: reading.foreign(&mut object, "primary_provider"),
            location: reading.foreign(&mut object, "location"),
            ..Self::default()
        };
        let approximate = object.date("approximate_birth_date");
        if facts.birth == Given::Left {
            facts.birth = approximate.map(|date| (date, true));
        }
        if let Given::Set((date, _)) = facts.birth
            && (date > reading.today || date.year() < 1890)
        {
            object.wrong("birth_date", "must be a day of a living person's past");
        }
        facts.tags = match object.list("tags", MOST) {
            Given::Set(all) => {
                let read: Option<BTreeSet<_>> = all
                    .iter()
                    .map(|(_, value)| {
                        value.as_str().map(str::trim).filter(|tag| (1..=40).contains(&tag.len()))
                    })
                    .map(|tag| tag.map(str::to_owned))
                    .collect();
                if read.is_none() {
                    object.wrong("tags", "each must be a text of 1 to 40 characters");
                }
                read.map_or(Given::Left, Given::Set)
            }
            other => other.map(|_| BTreeSet::new()),
        };
        facts.contacts = contacts(reading, person, &mut object, warnings);
        for (name, kind) in KINDS {
            let text = object.text(name, 254);
            let place = object.place(name);
            match text {
                Given::Left => {}
                Given::Cleared => facts.kinds.push((kind, None)),
                Given::Set(text) => match ContactPoint::read(person, kind, &text, 0, reading.region) {
                    Ok(contact) => facts.kinds.push((kind, Some(contact))),
                    Err(problem) if reading.drops_bad_contacts => {
                        warnings.push(Detail::new(place, problem.to_string()));
                        facts.kinds.push((kind, None));
                    }
                    Err(problem) => object.wrong(name, problem.to_string()),
                },
            }
        }
        facts.guardians = guardians(reading, person, &mut object);
        let problems = object.done();
        if problems.is_empty() { Ok(facts) } else { Err(problems) }
    }

    /// Whether they tell whether the person is active and alive.
    pub(crate) fn tell_standing(&self) -> bool {
        self.active != Given::Left || self.deceased != Given::Left
    }

    /// Whether they tell only whether the person is active and alive.
    pub(crate) fn are_standing_only(&self) -> bool {
        let standing =
            Self { active: self.active.clone(), deceased: self.deceased.clone(), ..Self::default() };
        *self == standing && self.tell_standing()
    }

    pub(crate) fn apply(&self, person: &mut Person) {
        let Names { given, family, preferred } = &mut person.names;
        self.given_name.clone().map(Into::into).put_usual(given);
        self.family_name.clone().map(Into::into).put_usual(family);
        self.preferred_name.clone().map(Into::into).put(preferred);
        match self.birth {
            Given::Left => {}
            Given::Cleared => (person.birth_date, person.birth_date_is_approximate) = (None, false),
            // A guess does not take the place of what is known.
            Given::Set((_, true)) if person.birth_date.is_some() && !person.birth_date_is_approximate => {}
            Given::Set((date, guess)) => {
                (person.birth_date, person.birth_date_is_approximate) = (Some(date.into()), guess);
            }
        }
        self.gender.put_usual(&mut person.gender);
        self.language.put(&mut person.language);
        self.zone.put(&mut person.zone);
        self.state.put(&mut person.state);
        self.postal.clone().map(Into::into).put(&mut person.postal);
        if let Given::Set(active) = self.active {
            person.active = active;
        }
        self.deceased.put_usual(&mut person.deceased);
        self.guardians.put_usual(&mut person.guardians);
        self.household.put(&mut person.household);
        self.tags.put_usual(&mut person.tags);
        self.primary_provider.put(&mut person.primary_provider);
        self.location.put(&mut person.location);
        self.apply_contacts(person);
    }

    /// Contact points the source knows take the place of those it told before; what we learnt about a value
    /// stays, and so do those that came with a merged person.
    fn apply_contacts(&self, person: &mut Person) {
        if self.contacts == Given::Left && self.kinds.is_empty() {
            return;
        }
        let known = std::mem::take(&mut person.contacts);
        let all = self.contacts != Given::Left;
        let told = self.contacts.clone().set().unwrap_or_default();
        let kinds: BTreeSet<_> = self.kinds.iter().map(|(kind, _)| *kind).collect();
        let mut next: Vec<ContactPoint> =
            told.into_iter().filter(|contact| !kinds.contains(&contact.kind)).collect();
        for (kind, contact) in &self.kinds {
            let Some(contact) = contact else { continue };
            let mut contact = contact.clone();
            let before = known.iter().find(|other| other.kind == *kind);
            contact.rank = before.map_or(u8::MAX, |before| before.rank);
            next.push(contact);
        }
        for old in known {
            if let Some(same) = next.iter_mut().find(|contact| contact.id == old.id) {
                same.status = old.status;
                same.status_reason = old.status_reason;
                same.status_at = old.status_at;
            } else if old.merged_from.is_some() || (!all && !kinds.contains(&old.kind)) {
                next.push(old);
            }
        }
        let mut seen = BTreeSet::new();
        next.retain(|contact| seen.insert(contact.id));
        person.contacts = next;
        person.rank_contacts();
    }
}

fn contacts(
    reading: &Reading<'_>,
    person: PersonId,
    object: &mut Object<'_>,
    warnings: &mut Vec<Detail>,
) -> Given<Vec<ContactPoint>> {
    let told = match object.list("contacts", MOST) {
        Given::Set(told) => told,
        other => return other.map(|_| Vec::new()),
    };
    let mut read = Vec::new();
    for (index, (at, value)) in told.into_iter().enumerate() {
        let mut one = match Object::of(value, &at) {
            Ok(one) => one,
            Err(problems) => {
                object.problems.extend(problems);
                continue;
            }
        };
        let kind = one.word("kind", "must be EMAIL, TEXT, PHONE, WORK_EMAIL, WORK_PHONE or APP", |word| {
            ContactKind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(word))
        });
        let text = one.text("value", 400);
        let usual = u8::try_from(index + 1).unwrap_or(u8::MAX);
        let rank = one.value("rank", "must be a number from 1 to 99", |value| {
            value.as_u64().filter(|rank| (1..=99).contains(rank)).and_then(|rank| u8::try_from(rank).ok())
        });
        if let (Given::Left | Given::Cleared, true) = (&kind, one.problems.is_empty()) {
            one.wrong("kind", "is missing");
        }
        match (kind, text) {
            (Given::Set(kind), Given::Set(text)) => {
                let rank = rank.set().unwrap_or(usual);
                match ContactPoint::read(person, kind, &text, rank, reading.region) {
                    Ok(contact) => read.push(contact),
                    Err(problem) if reading.drops_bad_contacts => {
                        warnings.push(Detail::new(one.place("value"), problem.to_string()));
                    }
                    Err(problem) => one.wrong("value", problem.to_string()),
                }
            }
            (Given::Set(_), _) if one.problems.is_empty() => one.wrong("value", "is missing"),
            _ => {}
        }
        object.problems.extend(one.done());
    }
    Given::Set(read)
}

fn guardians(reading: &Reading<'_>, person: PersonId, object: &mut Object<'_>) -> Given<Vec<Guardianship>> {
    let told = match object.list("guardians", MOST) {
        Given::Set(told) => told,
        other => return other.map(|_| Vec::new()),
    };
    let mut read: Vec<Guardianship> = Vec::new();
    for (at, value) in told {
        let mut one = match Object::of(value, &at) {
            Ok(one) => one,
            Err(problems) => {
                object.problems.extend(problems);
                continue;
            }
        };
        let id = one.word("person", "must be an id of the source system", |text| {
            is_source_id(text).then(|| reading.id::<PersonId>(text))
        });
        let relation =
            one.word("relation", "must be PARENT, MOTHER, FATHER, GUARDIAN or OTHER", relation).set();
        let scopes = one.value("scopes", "must be a list of categories such as APPOINTMENT", |value| {
            BTreeSet::<Category>::deserialize(value).ok()
        });
        let can_consent = one.flag("can_consent").set().unwrap_or(true);
        match id {
            Given::Set(id) if id == person => one.wrong("person", "nobody is their own guardian"),
            Given::Set(id) => read.push(Guardianship {
                person: id,
                relation: relation.unwrap_or(Relation::Guardian),
                scopes: scopes.set().unwrap_or_else(Guardianship::usual_scopes),
                can_consent,
            }),
            _ if one.problems.is_empty() => one.wrong("person", "is missing"),
            _ => {}
        }
        object.problems.extend(one.done());
    }
    Given::Set(read)
}
