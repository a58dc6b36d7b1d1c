//! A clinic with an adult, a child and its mother, and somebody of another clinic.

use kernel::{ClinicId, ContactId, Id as _, PersonId};
use people::{
    Clinic, ContactKind, ContactPoint, Person, Region,
    clinic::{MailSender, TextSender},
    household::{Guardianship, Relation},
    origin::Origin,
};
use serde_json::{Value, json};

use crate::testing::House;

pub(in crate::routes) struct Family {
    pub(in crate::routes) ana: PersonId,
    pub(in crate::routes) child: PersonId,
    pub(in crate::routes) foreign: PersonId,
    pub(in crate::routes) anas_text: ContactId,
    pub(in crate::routes) anas_mail: ContactId,
    pub(in crate::routes) mothers_text: ContactId,
    pub(in crate::routes) aunts_text: ContactId,
}

fn person(name: &str, reached: &[(ContactKind, &str)]) -> Person {
    let now = "2026-11-01T08:00:00Z".parse().unwrap();
    let id = PersonId::derived(&[name]);
    let mut person = Person::new(id, Origin::new("test", name, None, now), now);
    for (rank, (kind, text)) in (1..).zip(reached) {
        person.contacts.push(ContactPoint::read(id, *kind, text, rank, Region::us()).unwrap());
    }
    person
}

impl Family {
    pub(in crate::routes) async fn new() -> (House, Self) {
        let house = House::new().await;
        let (table, id) = (&house.platform.table, house.clinic);
        let mut clinic = Clinic::new(id, "Bright Smiles", "America/New_York".parse().unwrap());
        clinic.state = Some("NY".to_owned());
        clinic.text = Some(TextSender::Number { number: "+12125550100".parse().unwrap() });
        let address = "hello@smiles.example".parse().unwrap();
        clinic.mail = Some(MailSender { address, name: "Bright Smiles".to_owned(), reply_to: None });
        clinic.save(table).await.unwrap();
        let text = ContactKind::Text;
        let mut ana = person("ana", &[(text, "+12125550123"), (ContactKind::Email, "ana@example.com")]);
        ana.birth_date = Some(jiff::civil::date(1990, 5, 1).into());
        let mother = person("mother", &[(text, "+12125550124")]);
        let aunt = person("aunt", &[(text, "+12125550125")]);
        let mut child = person("child", &[]);
        child.birth_date = Some(jiff::civil::date(2018, 5, 1).into());
        child.guardians = [(&mother, true), (&aunt, false)]
            .map(|(guardian, can_consent)| Guardianship {
                person: guardian.id,
                relation: Relation::Other,
                scopes: Guardianship::usual_scopes(),
                can_consent,
            })
            .into();
        let foreign = person("foreign", &[]);
        let family = Self {
            ana: ana.id,
            child: child.id,
            foreign: foreign.id,
            anas_text: ana.contacts[0].id,
            anas_mail: ana.contacts[1].id,
            mothers_text: mother.contacts[0].id,
            aunts_text: aunt.contacts[0].id,
        };
        let here = table.of(id);
        let mut write = here.write();
        write.create(&ana).create(&mother).create(&aunt).create(&child);
        write.commit().await.unwrap();
        let mut write = table.of(ClinicId::derived(&["other"])).write();
        write.create(&foreign);
        write.commit().await.unwrap();
        (house, family)
    }
}

/// Consent to texts about visits, said at a time.
pub(in crate::routes) fn agrees(contact: ContactId, at: &str) -> Value {
    json!({
        "contact": contact,
        "grant": { "channel": "SMS", "categories": ["APPOINTMENT"], "level": "EXPRESS" },
        "evidence": { "method": "VERBAL", "at": at },
    })
}

/// The end of all messages to a contact point, said at a time.
pub(in crate::routes) fn ends(contact: ContactId, at: &str) -> Value {
    json!({ "contact": contact, "revoke": {}, "evidence": { "method": "VERBAL", "at": at } })
}

/// Records something about a person that has to go well.
pub(in crate::routes) async fn recorded(house: &House, person: PersonId, body: Value) -> Value {
    let path = format!("/v1/people/{person}/consents");
    let (status, now) = house.send("front_desk", "POST", &path, Some(body), None).await;
    assert_eq!(status, 201, "{now}");
    now
}
