//! Persons as they are shown: who they are, to those who may see it.

use access::Field;
use edge::{Staff, Versioned};
use jiff::civil::Date;
use kernel::{ContactId, Language, LocationId, PersonId, PractitionerId, Timestamp, Zone};
use people::{
    ContactPoint, ContactStatus, Person,
    household::Relation,
    person::{Gender, NoContact, Pause},
};
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

use super::names::full;

/// A person in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "per_01m8cz00000000000000000000",
    "version": 3,
    "name": "Ana Reyes",
    "active": true,
    "do_not_contact": false,
    "automation_paused": false
}))]
pub(super) struct PersonRow {
    #[schema(value_type = String)]
    id: PersonId,
    version: u64,
    /// For those who may see who patients are.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether they are a patient now.
    active: bool,
    /// They asked not to be contacted at all.
    do_not_contact: bool,
    /// Nothing goes out to them by itself.
    automation_paused: bool,
}

impl PersonRow {
    pub(super) fn of(kept: &Kept<Person>, staff: &Staff) -> Self {
        Self {
            id: kept.id,
            version: kept.rev(),
            name: staff.shows(Field::PersonName).then(|| full(&kept.names)),
            active: kept.active,
            do_not_contact: kept.do_not_contact,
            automation_paused: kept.automation_paused.is_some(),
        }
    }
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "per_01m8cz00000000000000000000",
    "version": 3,
    "given": "Ana",
    "family": "Reyes",
    "birth_date": "1990-05-01",
    "gender": "FEMALE",
    "language": "es",
    "active": true,
    "deceased": false,
    "contacts": [{
        "id": "con_01m8cz00000000000000000000", "kind": "TEXT", "value": "+12125550123", "rank": 1,
        "status": "VERIFIED"
    }],
    "guardians": [],
    "do_not_contact": { "since": "2026-11-20T10:00:00Z", "by": "usr_01m8cz00000000000000000000",
        "reason": "asked so on the phone" },
    "automation_paused": { "since": "2026-11-20T10:00:00Z", "by": "usr_01m8cz00000000000000000000",
        "reason": "in hospital" },
    "source": "pms",
    "created_at": "2026-11-01T10:00:00Z"
}))]
pub(super) struct PersonView {
    #[schema(value_type = String)]
    id: PersonId,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    /// What they like to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    birth_date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    gender: Option<Gender>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    language: Option<Language>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    zone: Option<Zone>,
    /// Whether they are a patient now.
    active: bool,
    deceased: bool,
    /// How they can be reached, best first.
    contacts: Vec<ContactView>,
    /// Who answers for them.
    guardians: Vec<GuardianView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    primary_provider: Option<PractitionerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    location: Option<LocationId>,
    /// Nothing goes out by itself while this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    automation_paused: Option<PauseView>,
    /// They asked not to be contacted at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    do_not_contact: Option<NoContactView>,
    /// The person this one turned out to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    merged_into: Option<PersonId>,
    /// Deleted at the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
    /// The system it comes from.
    source: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// One way to reach a person.
#[derive(Debug, Serialize, ToSchema)]
struct ContactView {
    #[schema(value_type = String)]
    id: ContactId,
    /// `EMAIL`, `TEXT`, `PHONE`, `WORK_EMAIL`, `WORK_PHONE` or `APP`.
    kind: &'static str,
    /// For those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// 1 is tried first.
    rank: u8,
    /// `UNVERIFIED`, `VERIFIED` or `BAD`.
    #[schema(value_type = String)]
    status: ContactStatus,
    /// Why, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
}

/// Somebody who answers for a person.
#[derive(Debug, Serialize, ToSchema)]
struct GuardianView {
    #[schema(value_type = String)]
    person: PersonId,
    /// `PARENT`, `MOTHER`, `FATHER`, `GUARDIAN` or `OTHER`.
    #[schema(value_type = String)]
    relation: Relation,
    /// The kinds of messages that go to them.
    scopes: Vec<&'static str>,
    /// Whether they may consent in the person's place.
    can_consent: bool,
}

/// A pause of everything that goes to a person by itself.
#[derive(Debug, Serialize, ToSchema)]
struct PauseView {
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// For those who may see what concerns patients.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The wish not to be contacted.
#[derive(Debug, Serialize, ToSchema)]
struct NoContactView {
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    by: String,
    /// For those who may see what concerns patients.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl PersonView {
    pub(super) fn of(kept: &Kept<Person>, staff: &Staff) -> Self {
        let person: &Person = kept;
        let contact = |contact: &ContactPoint| ContactView {
            id: contact.id,
            kind: contact.kind.name(),
            value: staff.sees(Field::PersonContacts, &contact.value).cloned(),
            rank: contact.rank,
            status: contact.status,
            status_reason: contact.status_reason.clone(),
        };
        let pause = |pause: &Pause| PauseView {
            since: pause.at,
            by: pause.by.clone(),
            until: pause.until,
            reason: staff.shows(Field::PersonNotes).then(|| pause.reason.clone()),
        };
        let no_contact = |wish: &NoContact| NoContactView {
            since: wish.at,
            by: wish.by.clone(),
            reason: staff.sees(Field::PersonNotes, &wish.reason).cloned(),
        };
        let preferred = person.names.preferred.as_ref();
        let preferred = preferred.and_then(|name| staff.sees(Field::PersonName, name));
        let birth_date = person.birth_date.as_ref().and_then(|date| staff.sees(Field::PersonBirth, date));
        Self {
            id: person.id,
            version: kept.rev(),
            given: staff.sees(Field::PersonName, &person.names.given).cloned(),
            family: staff.sees(Field::PersonName, &person.names.family).cloned(),
            preferred: preferred.cloned(),
            birth_date: birth_date.copied(),
            gender: staff.shows(Field::PersonBirth).then_some(person.gender),
            language: person.language.clone(),
            zone: person.zone.clone().filter(|_| staff.shows(Field::PersonContacts)),
            active: person.active,
            deceased: person.deceased,
            contacts: person.contacts.iter().map(contact).collect(),
            guardians: person
                .guardians
                .iter()
                .map(|guardian| GuardianView {
                    person: guardian.person,
                    relation: guardian.relation,
                    scopes: guardian.scopes.iter().map(|category| category.name()).collect(),
                    can_consent: guardian.can_consent,
                })
                .collect(),
            primary_provider: person.primary_provider,
            location: person.location,
            automation_paused: person.automation_paused.as_ref().map(pause),
            do_not_contact: person.no_contact.as_ref().map(no_contact),
            merged_into: person.merged_into,
            deleted_at: person.deleted_at,
            source: person.origin.source.clone(),
            created_at: person.created_at,
        }
    }

    pub(super) fn versioned(kept: &Kept<Person>, staff: &Staff) -> Versioned<Self> {
        Versioned(kept.rev(), Self::of(kept, staff))
    }
}
