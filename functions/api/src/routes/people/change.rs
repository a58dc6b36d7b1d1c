//! `PATCH /v1/people/{id}`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use kernel::{ContactId, Detail, Kind, Masked, PersonId, Timestamp};
use people::{
    ContactStatus,
    mirror::Given,
    person::{NoContact, Pause},
    persons::{Adjustment, PersonFault, adjust},
};
use platform::Platform;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{show::read, view::PersonView};
use crate::words;

/// The longest reason, in characters.
const LONGEST: usize = 200;

fn told<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Given<T>, D::Error> {
    Ok(Option::<T>::deserialize(d)?.map_or(Given::Cleared, Given::Set))
}

/// What is to be different about a person in our own matters; what is left out stays. The rest is the source's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "automation_paused": { "until": "2026-12-01T09:00:00Z", "reason": "in hospital" },
    "do_not_contact": { "reason": "asked so on the phone" },
    "contacts": [{ "id": "con_01m8cz00000000000000000000", "status": "BAD" }]
}))]
pub(super) struct ChangePerson {
    /// Pauses everything that goes to them by itself; `null` ends a pause.
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<SetPause>)]
    automation_paused: Given<SetPause>,
    /// Notes that they asked not to be contacted at all, and why; `null` says that they want it again.
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<SetNoContact>)]
    do_not_contact: Given<SetNoContact>,
    /// What staff found out about contact points.
    #[serde(default)]
    contacts: Vec<JudgeContact>,
}

/// A pause.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetPause {
    /// Until when; without it, until somebody ends it.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Why, 1 to 200 characters.
    #[schema(value_type = String)]
    reason: Masked<String>,
}

/// The wish not to be contacted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetNoContact {
    /// Why, 1 to 200 characters.
    #[schema(value_type = String)]
    reason: Masked<String>,
}

/// Whether a contact point works.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JudgeContact {
    #[schema(value_type = words::ContactId)]
    id: ContactId,
    /// `UNVERIFIED`, `VERIFIED` or `BAD`.
    #[schema(value_type = words::ContactStatus)]
    status: ContactStatus,
}

/// Change what is our own about a person
///
/// All of it or nothing. What the source tells about them is changed at the source.
#[utoipa::path(
    patch,
    path = "/v1/people/{id}",
    operation_id = "change_person",
    tag = "people",
    params(
        ("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000"),
        IfMatchHeader,
    ),
    request_body = ChangePerson,
    extensions(("x-access" = json!("messaging:edit"))),
    responses((status = 200, description = "The person as they are now.", body = PersonView)),
)]
pub(super) async fn change(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
    if_match: IfMatch,
    Json(wanted): Json<ChangePerson>,
) -> Result<Versioned<PersonView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let now = platform.clock.now();
    let automation_paused = match wanted.automation_paused {
        Given::Set(pause) => Given::Set(checked(&pause, now, staff.id.to_string())?),
        Given::Cleared => Given::Cleared,
        Given::Left => Given::Left,
    };
    let do_not_contact = match wanted.do_not_contact {
        Given::Set(wish) => Given::Set(NoContact {
            at: now,
            by: staff.id.to_string(),
            reason: reason(&wish.reason, "/do_not_contact/reason")?.into(),
        }),
        Given::Cleared => Given::Cleared,
        Given::Left => Given::Left,
    };
    let adjustment = Adjustment {
        automation_paused,
        do_not_contact,
        contacts: wanted.contacts.iter().map(|contact| (contact.id, contact.status)).collect(),
    };
    match adjust(&table, &staff.actor(), id, if_match.0, &adjustment).await {
        Ok(kept) => Ok(PersonView::versioned(&kept, &staff)),
        Err(PersonFault::Stale { .. }) => {
            Err(Problem::stale(&PersonView::of(&read(&table, id).await?, &staff)))
        }
        Err(PersonFault::NoContact { contact, .. }) => {
            let index = wanted.contacts.iter().position(|judged| judged.id == contact).unwrap_or_default();
            let wrong = Detail::new(format!("/contacts/{index}/id"), "is no contact point of this person");
            Err(Problem::new(Kind::Invalid, "contact_not_found", "a contact point is not theirs").at([wrong]))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn reason(given: &Masked<String>, at: &'static str) -> Result<String, Problem> {
    let reason = given.reveal().trim();
    if (1..=LONGEST).contains(&reason.chars().count()) {
        return Ok(reason.to_owned());
    }
    let wrong = Detail::new(at, format!("give a reason of 1 to {LONGEST} characters"));
    Err(Problem::new(Kind::Invalid, "reason_invalid", "the reason cannot be").at([wrong]))
}

fn checked(pause: &SetPause, now: Timestamp, by: String) -> Result<Pause, Problem> {
    if pause.until.is_some_and(|until| until <= now) {
        let wrong = Detail::new("/automation_paused/until", "give a time ahead, or none");
        return Err(Problem::new(Kind::Invalid, "pause_invalid", "the pause cannot be").at([wrong]));
    }
    let reason = reason(&pause.reason, "/automation_paused/reason")?;
    Ok(Pause { at: now, by, until: pause.until, reason })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    async fn patch(house: &House, path: &str, version: &str, body: Value) -> (u16, Value) {
        house.send("front_desk", "PATCH", path, Some(body), Some(version)).await
    }

    /// D-16, D-17, D-19, Q-02
    #[tokio::test]
    async fn pause_wish_and_bad_numbers_are_noted_at_once() {
        let house = House::open().await;
        let data = json!({ "given_name": "Ana", "text": "(212) 555-0123" });
        let id = house.told("person", "p1", 1, data).await;
        let path = format!("/v1/people/{id}");
        let contact = house.get("front_desk", &path).await["contacts"][0]["id"].clone();
        let body = json!({
            "automation_paused": { "until": "2026-12-01T09:00:00Z", "reason": "in hospital" },
            "do_not_contact": { "reason": "asked so on the phone" },
            "contacts": [{ "id": contact, "status": "BAD" }]
        });
        let (status, person) = patch(&house, &path, "1", body.clone()).await;
        assert_eq!((status, &person["version"]), (200, &json!(2)), "{person}");
        assert_eq!(person["automation_paused"]["reason"], "in hospital");
        assert_eq!(person["automation_paused"]["by"], House::caller("front_desk").to_string());
        let wish = &person["do_not_contact"];
        assert_eq!(wish["reason"], "asked so on the phone");
        assert_eq!(wish["by"], House::caller("front_desk").to_string());
        let seen = house.get("read_only", &path).await;
        assert!(seen["do_not_contact"]["reason"].is_null() && seen["do_not_contact"]["since"].is_string());
        let log = house.get("clinic_admin", "/v1/audit").await;
        let entries = log["items"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["action"] == "person.adjusted").unwrap();
        let wished = json!({ "field": "do_not_contact", "before": false, "after": true });
        assert!(entry["changes"].as_array().unwrap().contains(&wished));
        assert!(!log.to_string().contains("asked so"), "words of people do not belong into the log");
        assert_eq!(person["contacts"][0]["status"], "BAD");
        let (status, problem) = patch(&house, &path, "1", body).await;
        assert_eq!((status, &problem["code"]), (409, &json!("version_is_stale")));
        assert_eq!(problem["current"]["version"], 2);
        let (_, person) = patch(&house, &path, "2", json!({ "automation_paused": null })).await;
        assert!(person["automation_paused"].is_null() && person["do_not_contact"].is_object());
        let (_, same) = patch(&house, &path, "3", json!({})).await;
        assert_eq!(same["version"], 3);
        let (_, person) = patch(&house, &path, "3", json!({ "do_not_contact": null })).await;
        assert_eq!((&person["version"], &person["do_not_contact"]), (&json!(4), &Value::Null));
    }

    /// D-16
    #[tokio::test]
    async fn what_cannot_be_is_told_and_nothing_is_half_done() {
        let house = House::open().await;
        let id = house.told("person", "p1", 1, json!({ "given_name": "Ana" })).await;
        let path = format!("/v1/people/{id}");
        let foreign = json!({
            "do_not_contact": { "reason": "asked so" },
            "contacts": [{ "id": "con_00000000000000000000000001", "status": "BAD" }]
        });
        let (status, problem) = patch(&house, &path, "1", foreign).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/contacts/0/id")));
        assert!(house.get("front_desk", &path).await["do_not_contact"].is_null());
        for (body, at) in [
            (json!({ "do_not_contact": { "reason": " " } }), "/do_not_contact/reason"),
            (json!({ "do_not_contact": {} }), "/do_not_contact/reason"),
            (json!({ "do_not_contact": true }), "/do_not_contact"),
        ] {
            let (status, problem) = patch(&house, &path, "1", body).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(at)), "{problem}");
        }
        let past = json!({ "automation_paused": { "until": "2026-11-01T09:00:00Z", "reason": "" } });
        let (status, problem) = patch(&house, &path, "1", past).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/automation_paused/until")));
        let (status, problem) = patch(&house, &path, "1", json!({ "given": "Eve" })).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/given")));
        let body = Some(json!({ "do_not_contact": null }));
        assert_eq!(house.send("doctor", "PATCH", &path, body, Some("1")).await.0, 403);
    }
}
