use kernel::{ClinicId, Id, Limit, PersonId};
use rstest::rstest;
use serde_json::json;
use table::keys::{AppointmentKey, LocationKey, PersonKey};

use super::*;
use crate::{
    Appointment, Location, NoPlan, Person,
    appointments::{self, Answer, Change, How, Status},
    contact::{ContactKind, ContactStatus},
    origin::mirrored,
    persons::{self, Verdict},
    testing::{Home, actor, at},
};

async fn person(home: &Home, id: &str) -> table::Kept<Person> {
    let key = PersonKey { person: mirrored(&home.table, "pms", id) };
    home.table.get(&key).await.unwrap().unwrap()
}

async fn visit(home: &Home, id: &str) -> table::Kept<Appointment> {
    let key = AppointmentKey { appointment: mirrored(&home.table, "pms", id) };
    home.table.get(&key).await.unwrap().unwrap()
}

fn ana() -> serde_json::Value {
    json!({
        "given_name": "Ana", "family_name": "Costa", "birth_date": "1990-05-06", "gender": "female",
        "language": "pt-br", "state": "NY", "text": "(212) 555-0123", "email": "Ana@Example.com",
    })
}

/// D-19, D-20
#[tokio::test]
async fn the_same_statement_again_changes_nothing() {
    let home = Home::new().await;
    assert_eq!(home.says(Kind::Person, "p1", 1, ana()).await.unwrap(), Effect::Created);
    let first = person(&home, "p1").await;
    assert_eq!(first.usable(ContactKind::Text).next().unwrap().value.reveal(), "+12125550123");
    assert_eq!(first.usable(ContactKind::Email).next().unwrap().value.reveal(), "Ana@example.com");
    assert_eq!(home.says(Kind::Person, "p1", 1, ana()).await.unwrap(), Effect::Same);
    assert_eq!(person(&home, "p1").await, first);
}

#[tokio::test]
async fn older_news_are_ignored_and_say_so() {
    let home = Home::new().await;
    home.says(Kind::Person, "p1", 5, ana()).await.unwrap();
    let older = json!({"given_name": "Anna"});
    assert_eq!(home.says(Kind::Person, "p1", 4, older.clone()).await.unwrap(), Effect::Older);
    assert_eq!(person(&home, "p1").await.names.given.reveal(), "Ana");
    // Newer news that tell nothing else still move the version on, so that what lies between stays ignored.
    assert_eq!(home.says(Kind::Person, "p1", 7, ana()).await.unwrap(), Effect::Unchanged);
    assert_eq!(home.says(Kind::Person, "p1", 6, older).await.unwrap(), Effect::Older);
}

#[tokio::test]
async fn deletions_are_tombstones() {
    let home = Home::new().await;
    home.says(Kind::Person, "p1", 1, ana()).await.unwrap();
    let text = "+12125550123";
    assert_eq!(crate::persons_at(&home.table, text).await.unwrap().len(), 1);
    assert_eq!(home.told(Kind::Person, "p1", 3, None).await.unwrap(), Effect::Updated);
    assert!(person(&home, "p1").await.deleted_at.is_some());
    assert!(crate::persons_at(&home.table, text).await.unwrap().is_empty());
    let listed = persons::by_name(&home.table, "", Limit::default(), None).await.unwrap();
    assert!(listed.items.is_empty());
    assert_eq!(home.says(Kind::Person, "p1", 2, ana()).await.unwrap(), Effect::Older);
    assert_eq!(home.says(Kind::Person, "p1", 4, ana()).await.unwrap(), Effect::Updated);
    assert_eq!(crate::persons_at(&home.table, text).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_deletion_that_comes_first_keeps_late_news_out() {
    let home = Home::new().await;
    assert_eq!(home.told(Kind::Appointment, "a1", 9, None).await.unwrap(), Effect::Created);
    let booked = json!({"person": "p1", "starts_at": "2026-11-25T14:00:00Z"});
    assert_eq!(home.says(Kind::Appointment, "a1", 8, booked.clone()).await.unwrap(), Effect::Older);
    assert_eq!(home.says(Kind::Appointment, "a1", 10, booked).await.unwrap(), Effect::Updated);
    let visit = visit(&home, "a1").await;
    assert!(visit.is_open() && visit.person == mirrored(&home.table, "pms", "p1"));
}

/// D-19
#[tokio::test]
async fn a_number_may_belong_to_several_people() {
    let home = Home::new().await;
    home.says(Kind::Person, "p1", 1, ana()).await.unwrap();
    let mut leo = ana();
    leo["given_name"] = json!("Leo");
    home.says(Kind::Person, "p2", 1, leo.clone()).await.unwrap();
    assert_eq!(crate::persons_at(&home.table, "+12125550123").await.unwrap().len(), 2);
    leo["text"] = json!("212-555-0199");
    home.says(Kind::Person, "p2", 2, leo).await.unwrap();
    let left = crate::persons_at(&home.table, "+12125550123").await.unwrap();
    assert_eq!(left.iter().map(|p| p.id).collect::<Vec<_>>(), [mirrored(&home.table, "pms", "p1")]);
    assert_eq!(crate::persons_at(&home.table, "ANA@example.com").await.unwrap().len(), 2);
}

/// D-19
#[tokio::test]
async fn what_we_learnt_about_a_contact_point_outlives_the_sources_updates() {
    let home = Home::new().await;
    home.says(Kind::Person, "p1", 1, ana()).await.unwrap();
    let known = person(&home, "p1").await;
    let text = known.usable(ContactKind::Text).next().unwrap().id;
    let verdict =
        Verdict { status: ContactStatus::Bad, reason: "wrong_person", at: at("2026-11-22T15:00:00Z") };
    persons::judge_contact(&home.table, &actor(), known.id, text, verdict).await.unwrap();
    home.says(Kind::Person, "p1", 2, ana()).await.unwrap();
    let after = person(&home, "p1").await;
    assert!(after.usable(ContactKind::Text).next().is_none());
    let bad = after.contacts.iter().find(|contact| contact.id == text).unwrap();
    assert_eq!(bad.status_reason.as_deref(), Some("wrong_person"));
    // Another number is another contact point.
    home.says(Kind::Person, "p1", 3, json!({"text": "212-555-0124"})).await.unwrap();
    assert!(person(&home, "p1").await.usable(ContactKind::Text).next().is_some());
}

/// D-20
#[rstest]
#[case(json!({"text": "555-0123"}), "/data/text")]
#[case(json!({"text": "800-555-0123"}), "/data/text")]
#[case(json!({"email": "ana@home"}), "/data/email")]
#[case(json!({"contacts": [{"kind": "TEXT", "value": "911"}]}), "/data/contacts/0/value")]
#[case(json!({"contacts": [{"kind": "FAX", "value": "2125550123"}]}), "/data/contacts/0/kind")]
#[case(json!({"birth_date": "2030-01-01"}), "/data/birth_date")]
#[case(json!({"zone": "Mars/Olympus"}), "/data/zone")]
#[case(json!({"name": "Ana"}), "/data/name")]
#[case(json!({"guardians": [{"person": "p1"}]}), "/data/guardians/0/person")]
#[case(json!([]), "/data")]
#[tokio::test]
async fn wrong_fields_are_pointed_at(#[case] data: serde_json::Value, #[case] place: &str) {
    let home = Home::new().await;
    let fault = home.says(Kind::Person, "p1", 1, data).await.unwrap_err();
    assert_eq!((fault.code(), fault.details()[0].at.as_str()), ("facts_invalid", place));
    let key = PersonKey { person: mirrored(&home.table, "pms", "p1") };
    assert!(home.table.get::<Person>(&key).await.unwrap().is_none());
}

#[tokio::test]
async fn an_appointment_we_do_not_know_needs_a_person_and_a_start() {
    let home = Home::new().await;
    let fault = home.says(Kind::Appointment, "a1", 1, json!({"status": "CONFIRMED"})).await.unwrap_err();
    assert_eq!(fault.details()[0].at, "/data/person");
    let crooked =
        json!({"person": "p1", "starts_at": "2026-11-25T14:00:00Z", "ends_at": "2026-11-25T13:00:00Z"});
    let fault = home.says(Kind::Appointment, "a1", 1, crooked).await.unwrap_err();
    assert_eq!(fault.details()[0].at, "/data/ends_at");
}

#[tokio::test]
async fn a_time_on_the_wall_is_read_in_the_zone_of_the_place() {
    let home = Home::new().await;
    let place = json!({"name": "Phoenix", "zone": "America/Phoenix", "office_number": "12B",
        "hours": {"monday": [{"from": "08:00", "to": "12:00"}, {"from": "13:00", "to": "17:00"}]},
        "holidays": [{"date": "2026-12-25", "name": "Christmas"}]});
    let booked = json!({"person": "p1", "location": "l1", "starts_at": "2026-11-25T09:00"});
    let early = home.says(Kind::Appointment, "a1", 1, booked.clone()).await.unwrap_err();
    assert_eq!(early.details()[0].at, "/data/starts_at");
    home.says(Kind::Location, "l1", 1, place).await.unwrap();
    home.says(Kind::Appointment, "a1", 1, booked).await.unwrap();
    let visit = visit(&home, "a1").await;
    assert_eq!((visit.starts_at, visit.zone.name()), (at("2026-11-25T16:00:00Z"), "America/Phoenix"));
    let key = LocationKey { location: mirrored(&home.table, "pms", "l1") };
    let place: table::Kept<Location> = home.table.get(&key).await.unwrap().unwrap();
    assert!(place.is_open("2026-11-23T08:30".parse().unwrap()));
}

#[tokio::test]
async fn the_source_does_not_undo_an_answer_it_has_not_heard_of() {
    let home = Home::new().await;
    let booked = json!({"person": "p1", "starts_at": "2026-11-25T14:00:00Z", "status": "SCHEDULED"});
    home.says(Kind::Appointment, "a1", 1, booked.clone()).await.unwrap();
    let id = mirrored(&home.table, "pms", "a1");
    let yes = Change::Confirm { by: "per".into(), how: How::Reply };
    appointments::change(&home.table, &NoPlan, &actor(), id, None, &yes).await.unwrap();
    home.says(Kind::Appointment, "a1", 2, booked.clone()).await.unwrap();
    assert_eq!(visit(&home, "a1").await.status, Status::Confirmed);
    let moved = json!({"starts_at": "2026-11-26T14:00:00Z", "status": "SCHEDULED"});
    home.says(Kind::Appointment, "a1", 3, moved).await.unwrap();
    let after = visit(&home, "a1").await;
    assert_eq!((after.status, after.confirmation.answer), (Status::Scheduled, Answer::Unconfirmed));
    assert_eq!(after.generation, 2);
}

#[tokio::test]
async fn another_clinic_has_other_people_under_the_same_ids() {
    let home = Home::new().await;
    home.says(Kind::Person, "p1", 1, ana()).await.unwrap();
    let other = home.clinic("other").await;
    let ours: PersonId = mirrored(&home.table, "pms", "p1");
    assert_ne!(ours, mirrored(&other, "pms", "p1"));
    assert!(other.get::<Person>(&PersonKey { person: ours }).await.unwrap().is_none());
    assert!(crate::persons_at(&other, "+12125550123").await.unwrap().is_empty());
    let unknown = home.all.of(ClinicId::derived(&["nobody"]));
    let put =
        Put { kind: Kind::Person, source: "pms", id: "p1", version: Some(1), updated_at: None, data: None };
    assert_eq!(super::put(&unknown, &NoPlan, &actor(), put).await.unwrap_err().code(), "clinic_not_set_up");
}

/// D-23
#[tokio::test]
async fn guardians_lead_to_those_they_answer_for() {
    let home = Home::new().await;
    home.says(Kind::Person, "mother", 1, ana()).await.unwrap();
    let child = json!({"given_name": "Leo", "birth_date": "2016-01-01", "household": "h1",
        "guardians": [{"person": "mother", "relation": "MOTHER", "scopes": ["APPOINTMENT"]}]});
    home.says(Kind::Person, "child", 1, child).await.unwrap();
    let mother = mirrored(&home.table, "pms", "mother");
    let found = crate::dependants_of(&home.table, mother).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].guardians[0].person, mother);
    let household = persons::of_household(&home.table, "h1", Limit::default(), None).await.unwrap();
    assert_eq!(household.items.len(), 1);
    home.says(Kind::Person, "child", 2, json!({"guardians": null})).await.unwrap();
    assert!(crate::dependants_of(&home.table, mother).await.unwrap().is_empty());
}

#[tokio::test]
async fn merged_persons_lead_to_one_and_can_be_parted_again() {
    let home = Home::new().await;
    home.says(Kind::Person, "p1", 1, ana()).await.unwrap();
    let twin = json!({"given_name": "Ana", "family_name": "Costa", "text": "212-555-0177", "tags": ["vip"]});
    home.says(Kind::Person, "p2", 1, twin).await.unwrap();
    let (one, two) = (mirrored(&home.table, "pms", "p1"), mirrored(&home.table, "pms", "p2"));
    for _ in 0..2 {
        persons::merge(&home.table, &actor(), two, one).await.unwrap();
    }
    let merged = persons::current(&home.table, two).await.unwrap().unwrap();
    assert_eq!((merged.id, merged.contacts.len(), merged.tags.len()), (one, 3, 1));
    let at_number = crate::persons_at(&home.table, "+12125550177").await.unwrap();
    assert_eq!(at_number.iter().map(|p| p.id).collect::<Vec<_>>(), [one]);
    // A visit booked for the one is the other's.
    let booked = json!({"person": "p2", "starts_at": "2026-11-25T14:00:00Z"});
    home.says(Kind::Appointment, "a1", 1, booked).await.unwrap();
    let first = visit(&home, "a1").await;
    assert_eq!(first.person, one);
    let again = json!({"person": "p2", "starts_at": "2026-11-25T14:00:00Z"});
    assert_eq!(home.says(Kind::Appointment, "a1", 2, again).await.unwrap(), Effect::Unchanged);
    assert_eq!(visit(&home, "a1").await.generation, first.generation);
    persons::unmerge(&home.table, &actor(), two).await.unwrap();
    assert_eq!(persons::current(&home.table, two).await.unwrap().unwrap().id, two);
    assert_eq!(person(&home, "p1").await.contacts.len(), 2);
    assert_eq!(
        persons::merge(&home.table, &actor(), one, one).await.unwrap_err().code(),
        "persons_not_mergeable"
    );
}

#[tokio::test]
async fn names_are_listed_in_order_and_found_by_their_beginning() {
    let home = Home::new().await;
    for (id, family) in [("1", "costa"), ("2", "Abreu"), ("3", "Costello"), ("4", "Zanin")] {
        home.says(Kind::Person, id, 1, json!({"given_name": "X", "family_name": family})).await.unwrap();
    }
    let names = async |beginning: &str| {
        let page = persons::by_name(&home.table, beginning, Limit::default(), None).await.unwrap();
        page.items.iter().map(|person| person.names.family.reveal().clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Abreu", "costa", "Costello", "Zanin"]);
    assert_eq!(names("COST").await, ["costa", "Costello"]);
}
