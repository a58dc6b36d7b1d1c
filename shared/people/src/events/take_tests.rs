use kernel::Limit;
use rstest::rstest;
use serde_json::json;
use table::keys::{AppointmentKey, PersonKey};

use super::*;
use crate::{
    Appointment, NoPlan, Person,
    appointments::{Answer, Status},
    events::parked,
    mirror::Kind as Mirrored,
    origin::mirrored,
    testing::{Home, actor},
};

#[expect(clippy::needless_pass_by_value, reason = "the data is written where the event is")]
fn event(home: &Home, id: &str, event_type: &str, at: &str, data: Value) -> Value {
    json!({
        "eventId": id, "eventType": event_type, "eventVersion": 1, "occurredAt": at, "producer": "pms",
        "tenantId": home.table.clinic().to_string(), "correlationId": "c1", "data": data,
    })
}

fn booked(home: &Home, id: &str, at: &str) -> Value {
    let data = json!({"id": "a1", "person": "p1", "starts_at": "2026-11-25T14:00:00Z"});
    event(home, id, "appointment.booked", at, data)
}

async fn told(home: &Home, events: &[Value]) -> Vec<Became> {
    let outcomes = super::take(&home.table, &NoPlan, &actor(), events).await.unwrap();
    outcomes.into_iter().map(|outcome| outcome.became).collect()
}

async fn visit(home: &Home) -> Option<Kept<Appointment>> {
    let key = AppointmentKey { appointment: mirrored(&home.table, "pms", "a1") };
    home.table.get(&key).await.unwrap()
}

fn applied(effect: Effect) -> Became {
    Became::Applied { effect }
}

///
#[tokio::test]
async fn an_event_is_taken_once_however_often_it_comes() {
    let home = Home::new().await;
    let booked = booked(&home, "e1", "2026-11-22T10:00:00Z");
    assert_eq!(
        told(&home, &[booked.clone(), booked.clone()]).await,
        [applied(Effect::Created), Became::Duplicate]
    );
    let first = visit(&home).await;
    assert_eq!(told(&home, std::slice::from_ref(&booked)).await, [Became::Duplicate]);
    assert_eq!(visit(&home).await, first);
    let mut other = booked;
    other["data"]["starts_at"] = json!("2026-11-26T14:00:00Z");
    let Became::Refused { code, .. } = &told(&home, &[other]).await[0] else { panic!("taken") };
    assert_eq!(*code, "event_id_reused");
}

///
#[tokio::test]
async fn events_out_of_order_end_in_the_same_state() {
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1], [3, 0, 2, 1]];
    for (together, order) in orders.into_iter().flat_map(|order| [(true, order), (false, order)]) {
        let home = Home::new().await;
        let moved = json!({"id": "a1", "person": "p1", "starts_at": "2026-11-26T14:00:00Z"});
        let all = [
            booked(&home, "e1", "2026-11-22T10:00:00Z"),
            event(&home, "e2", "appointment.rescheduled", "2026-11-22T10:01:00Z", moved),
            event(&home, "e3", "appointment.confirmed", "2026-11-22T10:02:00Z", json!({"id": "a1"})),
            event(&home, "e4", "appointment.arrived", "2026-11-22T10:03:00Z", json!({"id": "a1"})),
        ];
        let all: Vec<_> = order.iter().map(|index| all[*index].clone()).collect();
        if together {
            told(&home, &all).await;
        } else {
            for one in all {
                told(&home, &[one]).await;
            }
        }
        let visit = visit(&home).await.unwrap();
        assert_eq!(visit.starts_at.to_string(), "2026-11-26T14:00:00Z", "{order:?}");
        assert_eq!(visit.status, Status::Arrived, "{order:?}");
    }
}

///
#[tokio::test]
async fn news_of_something_unknown_wait_for_it() {
    let home = Home::new().await;
    let confirmed = event(&home, "e2", "appointment.confirmed", "2026-11-22T11:00:00Z", json!({"id": "a1"}));
    let waits = Became::Parked { reason: Reason::SubjectUnknown };
    assert_eq!(told(&home, std::slice::from_ref(&confirmed)).await, std::slice::from_ref(&waits));
    assert_eq!(told(&home, std::slice::from_ref(&confirmed)).await, [waits]);
    let list = async || parked(&home.table, Limit::default(), None).await.unwrap().items;
    assert_eq!(list().await.len(), 1);
    assert_eq!(told(&home, &[booked(&home, "e1", "2026-11-22T10:00:00Z")]).await, [applied(Effect::Created)]);
    assert_eq!(visit(&home).await.unwrap().confirmation.answer, Answer::Confirmed);
    assert!(list().await.is_empty());
    assert_eq!(told(&home, &[confirmed]).await, [Became::Duplicate]);
}

#[tokio::test]
async fn what_waits_is_taken_up_however_its_subject_comes() {
    let home = Home::new().await;
    let gone = event(&home, "e2", "appointment.cancelled", "2026-11-22T11:00:00Z", json!({"id": "a1"}));
    told(&home, &[gone]).await;
    let data = json!({"person": "p1", "starts_at": "2026-11-25T14:00:00Z"});
    let put = crate::mirror::Put {
        kind: Mirrored::Appointment,
        source: "pms",
        id: "a1",
        version: None,
        updated_at: Some("2026-11-22T10:00:00Z".parse().unwrap()),
        data: Some(&data),
    };
    crate::mirror::put(&home.table, &NoPlan, &actor(), put).await.unwrap();
    assert_eq!(visit(&home).await.unwrap().status, Status::Cancelled);
}

///
#[tokio::test]
async fn what_nobody_reads_is_parked_and_listed() {
    let home = Home::new().await;
    let at = "2026-11-22T10:00:00Z";
    let mut newer = booked(&home, "e2", at);
    newer["eventVersion"] = json!(2);
    let lab = event(&home, "e1", "lab.item_ready", at, json!({"anything": [1, 2]}));
    let became = told(&home, &[lab, newer]).await;
    assert_eq!(
        became,
        [Became::Parked { reason: Reason::TypeUnknown }, Became::Parked { reason: Reason::VersionUnknown }]
    );
    let page = parked(&home.table, Limit::default(), None).await.unwrap();
    let types: Vec<_> = page.items.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types.len(), 2);
    assert!(types.contains(&"lab.item_ready"));
}

#[rstest]
#[case("eventId", json!(null), "/0/eventId")]
#[case("eventType", json!("Booked!"), "/0/eventType")]
#[case("eventVersion", json!("one"), "/0/eventVersion")]
#[case("occurredAt", json!("2026-11-22"), "/0/occurredAt")]
#[case("producer", json!("My PMS"), "/0/producer")]
#[case("tenantId", json!("clinic"), "/0/tenantId")]
#[case("data", json!([]), "/0/data")]
#[case("data", json!({}), "/0/data/id")]
#[case("data", json!({"id": "a1", "starts_at": 5}), "/0/data/starts_at")]
#[case("data", json!({"id": "a1", "colour": "red"}), "/0/data/colour")]
#[case("extra", json!(1), "/0/extra")]
#[tokio::test]
async fn wrong_fields_of_an_event_are_pointed_at(
    #[case] field: &str,
    #[case] value: Value,
    #[case] place: &str,
) {
    let home = Home::new().await;
    let mut wrong = booked(&home, "e1", "2026-11-22T10:00:00Z");
    wrong[field] = value;
    let right = event(&home, "e2", "patient.created", "2026-11-22T10:00:00Z", json!({"id": "p1"}));
    let became = told(&home, &[wrong, right]).await;
    let Became::Refused { details, .. } = &became[0] else { panic!("{:?}", became[0]) };
    assert!(details.iter().any(|detail| detail.at == place), "{details:?}");
    assert_eq!(became[1], applied(Effect::Created), "the others are taken");
}

#[tokio::test]
async fn an_event_of_another_clinic_is_refused() {
    let home = Home::new().await;
    let other = home.clinic("other").await;
    let mut foreign = booked(&home, "e1", "2026-11-22T10:00:00Z");
    foreign["tenantId"] = json!(other.clinic().to_string());
    let Became::Refused { code, .. } = &told(&home, &[foreign]).await[0] else { panic!("taken") };
    assert_eq!(*code, "event_of_another_clinic");
    assert!(visit(&home).await.is_none());
}

#[tokio::test]
async fn patients_live_and_die_by_events() {
    let home = Home::new().await;
    let at = |minute: u8| format!("2026-11-22T10:{minute:02}:00Z");
    let p1 = || json!({"id": "p1"});
    let all = [
        event(&home, "1", "patient.created", &at(0), json!({"id": "p1", "given_name": "Ana"})),
        event(&home, "2", "patient.created", &at(0), json!({"id": "p2", "text": "212-555-0123"})),
        event(&home, "3", "patient.deactivated", &at(1), p1()),
        event(&home, "4", "patient.merged", &at(2), json!({"id": "p2", "into": "p1"})),
        event(&home, "5", "patient.deceased", &at(3), p1()),
    ];
    told(&home, &all).await;
    let key = PersonKey { person: mirrored(&home.table, "pms", "p1") };
    let ana: Kept<Person> = home.table.get(&key).await.unwrap().unwrap();
    assert_eq!((ana.active, ana.deceased, ana.contacts.len()), (false, true, 1));
    assert_eq!(crate::persons_at(&home.table, "+12125550123").await.unwrap()[0].id, ana.id);
}

#[tokio::test]
async fn a_hundred_events_are_few_calls() {
    let home = Home::new().await;
    let events: Vec<_> = (0..100)
        .map(|n| {
            let data = json!({"id": format!("p{n}"), "given_name": "Ana", "text": "212-555-0123"});
            event(&home, &format!("e{n}"), "patient.created", "2026-11-22T10:00:00Z", data)
        })
        .collect();
    home.usage();
    let became = told(&home, &events).await;
    assert!(became.iter().all(|one| *one == applied(Effect::Created)));
    let usage = home.usage();
    let writes = usage.calls.get("TransactWriteItems").copied().unwrap_or_default();
    assert!(writes <= 8, "{usage:?}");
    assert!(usage.calls.get("BatchGetItem").copied().unwrap_or_default() <= 3, "{usage:?}");
    let too_many = vec![events[0].clone(); 101];
    let fault = super::take(&home.table, &NoPlan, &actor(), &too_many).await.unwrap_err();
    assert_eq!(fault.code(), "events_count");
}

///
#[tokio::test]
async fn a_late_cancellation_counts_unless_a_later_status_is_known() {
    let gone =
        |home: &Home| event(home, "e2", "appointment.cancelled", "2026-11-22T10:03:00Z", json!({"id": "a1"}));
    for (status, ends) in [(None, Status::Cancelled), (Some("SCHEDULED"), Status::Scheduled)] {
        let home = Home::new().await;
        told(&home, &[booked(&home, "e1", "2026-11-22T10:00:00Z")]).await;
        let mut data = json!({"id": "a1", "service_type": "cleaning"});
        if let Some(status) = status {
            data["status"] = json!(status);
        }
        told(&home, &[event(&home, "e3", "appointment.updated", "2026-11-22T10:05:00Z", data)]).await;
        told(&home, &[gone(&home)]).await;
        let visit = visit(&home).await.unwrap();
        assert_eq!((visit.status, visit.service_type.as_deref()), (ends, Some("cleaning")));
    }
}

///
#[tokio::test]
async fn an_event_of_a_type_that_has_become_known_is_taken_when_it_is_tried_again() {
    let home = Home::new().await;
    // It was parked by a product that did not read the type yet.
    let event = Envelope::read(&booked(&home, "e1", "2026-11-22T10:00:00Z"), "").unwrap();
    let waits = ParkedEvent::new(&event, None, Reason::TypeUnknown, home.table.clock().now());
    let mut write = home.table.write();
    write.create(&waits);
    write.commit().await.unwrap();
    let staff = actor();
    let replay = || crate::events::replay(&home.table, &NoPlan, &staff, waits.id);
    assert_eq!(replay().await.unwrap().unwrap().became, applied(Effect::Created));
    assert!(visit(&home).await.is_some());
    assert!(parked(&home.table, Limit::MOST, None).await.unwrap().items.is_empty());
    assert_eq!(replay().await.unwrap(), None);
    // The producer tells it once more.
    assert_eq!(told(&home, &[booked(&home, "e1", "2026-11-22T10:00:00Z")]).await, [Became::Duplicate]);
}
