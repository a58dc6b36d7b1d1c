//! Who is shown what, role by role, out of the table of fields.

use access::{Field, Rights, Role};
use kernel::{Id as _, PersonId};
use messaging::{Snapshot, Status};
use serde_json::{Value, json};
use table::keys::MessageKey;

use super::House;

/// A message about `category` that was sent.
async fn sent(house: &House, person: &str, category: &str) -> String {
    let body = json!({ "person": person, "channel": "SMS", "category": category, "text": "Your permit" });
    let (status, made) = house.send("clinic_admin", "POST", "/v1/messages", Some(body), None).await;
    assert_eq!(status, 202, "{made}");
    let path = format!("/v1/messages/{}", made["id"].as_str().unwrap());
    let message = house.becomes(&path, Status::Sent).await;
    let table = house.table();
    let kept = table.get::<messaging::Message>(&MessageKey { message: message.id }).await.unwrap().unwrap();
    let mut next = (*kept).clone();
    next.said = Some(Snapshot { text: "Your permit".to_owned().into(), ..Snapshot::default() });
    next.address = Some(providers::Address::Phone("+12125550123".parse().unwrap()));
    let mut write = table.write();
    write.replace(&kept, &next);
    write.commit().await.unwrap();
    path
}

///
#[tokio::test]
async fn every_role_is_shown_the_fields_that_its_work_needs_and_no_others() {
    let house = House::open().await;
    let data = json!({ "given_name": "Ana", "family_name": "Reyes", "birth_date": "1990-05-01",
        "gender": "FEMALE", "text": "(212) 555-0123", "zone": "America/Chicago" });
    let person = house.told("person", "p1", 1, data).await;
    let at = format!("/v1/people/{person}");
    let wish = json!({
        "do_not_contact": { "reason": "asked so" }, "automation_paused": { "reason": "in hospital" }
    });
    assert_eq!(house.send("front_desk", "PATCH", &at, Some(wish), Some("1")).await.0, 200);
    let visit = json!({ "person": "p1", "starts_at": "2026-11-24T15:00:00Z", "minutes": 30,
        "service_type": "Cleaning" });
    let visit = format!("/v1/appointments/{}", house.told("appointment", "v1", 1, visit).await);
    let (note, care) = (sent(&house, &person, "GENERAL").await, sent(&house, &person, "TREATMENT").await);
    house.keep(&house.inbound("Is this the dentist?")).await;
    let thread = format!("{at}/messages");
    let shown: [(&str, &str, Field); 19] = [
        (&at, "/given", Field::PersonName),
        (&at, "/family", Field::PersonName),
        (&at, "/birth_date", Field::PersonBirth),
        (&at, "/gender", Field::PersonBirth),
        (&at, "/contacts/0/value", Field::PersonContacts),
        (&at, "/zone", Field::PersonContacts),
        (&at, "/do_not_contact/reason", Field::PersonNotes),
        (&at, "/automation_paused/reason", Field::PersonNotes),
        ("/v1/people", "/items/0/name", Field::PersonName),
        (&visit, "/name", Field::PersonName),
        (&visit, "/service_type", Field::VisitService),
        (&note, "/text", Field::MessageContent),
        (&note, "/snapshot/text", Field::MessageContent),
        (&note, "/address", Field::PersonContacts),
        (&care, "/text", Field::MessageCare),
        (&thread, "/items/0/text", Field::MessageCare),
        (&thread, "/items/1/text", Field::MessageContent),
        ("/v1/unmatched", "/items/0/text", Field::MessageContent),
        ("/v1/unmatched", "/items/0/from", Field::PersonContacts),
    ];
    for role in Role::ALL.iter().filter(|role| **role != Role::SuperAdmin) {
        let rights = Rights::of(*role, None);
        for (path, pointer, field) in shown {
            let (status, body) = house.send(role.name(), "GET", path, None, None).await;
            assert_eq!(status, 200, "{role} {path}: {body}");
            let there = body.pointer(pointer).is_some_and(|value| !value.is_null());
            assert_eq!(there, rights.shows(field), "{role} {path} {pointer}: {body}");
        }
        let me = house.get(role.name(), "/v1/me").await;
        let told: Vec<Value> = Field::ALL
            .iter()
            .filter(|field| rights.shows(**field))
            .map(|field| field.name().into())
            .collect();
        assert_eq!(me["fields"], Value::Array(told), "{role}");
        let (status, log) = house.send(role.name(), "GET", "/v1/audit", None, None).await;
        if status == 200 {
            let origin = log.pointer("/items/0/request").is_some();
            assert_eq!(origin, rights.shows(Field::AuditOrigin), "{role}");
        }
        let strange = format!("/v1/people/{}", PersonId::derived(&["elsewhere"]));
        assert_eq!(house.send(role.name(), "GET", &strange, None, None).await.0, 404);
    }
}

///
#[tokio::test]
async fn the_log_of_a_view_names_the_fields_that_were_shown() {
    let house = House::new().await;
    let ana = house.person("ana").await;
    for (role, fields) in
        [("billing", json!(["person.name", "person.birth", "person.contacts"])), ("read_only", json!([]))]
    {
        house.get(role, &format!("/v1/people/{ana}")).await;
        let log = house.get("clinic_admin", &format!("/v1/audit?staff={}", House::caller(role))).await;
        assert_eq!(log["items"][0]["access"]["fields"], fields, "{role}");
    }
}
