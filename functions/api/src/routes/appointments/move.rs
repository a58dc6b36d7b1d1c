//! `POST /v1/appointments/{id}/move`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use kernel::{AppointmentId, Detail, Kind, LocationId, PractitionerId, Timestamp};
use people::{Location, Practitioner, appointments::Change};
use platform::Platform;
use serde::Deserialize;
use table::{
    ClinicTable,
    keys::{LocationKey, PractitionerKey},
};
use utoipa::ToSchema;

use super::view::{AppointmentView, changed};
use crate::words;

/// Another time for a visit, and perhaps another place or practitioner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "starts_at": "2026-11-26T15:00:00Z" }))]
pub(super) struct MoveAppointment {
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    /// The visit keeps its length unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// Where, if elsewhere.
    #[schema(value_type = Option<words::LocationId>)]
    location: Option<LocationId>,
    /// With whom, if with somebody else.
    #[schema(value_type = Option<words::PractitionerId>)]
    practitioner: Option<PractitionerId>,
}

/// Move a visit to another time
///
/// Nobody has confirmed the new time; the reminders are planned anew with it.
#[utoipa::path(
    post,
    path = "/v1/appointments/{id}/move",
    operation_id = "move_appointment",
    tag = "appointments",
    params(
        ("id" = String, Path, description = "The visit.", example = "apt_01m8cz00000000000000000000"),
        IfMatchHeader,
    ),
    request_body = MoveAppointment,
    extensions(("x-access" = json!("messaging:edit"))),
    responses((status = 200, description = "The visit as it is now.", body = AppointmentView)),
)]
pub(super) async fn r#move(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<AppointmentId>,
    if_match: IfMatch,
    Json(wanted): Json<MoveAppointment>,
) -> Result<Versioned<AppointmentView>, Problem> {
    let table = platform.table.of(staff.clinic);
    check(&table, &wanted, platform.clock.now()).await?;
    let what = Change::Move {
        starts_at: wanted.starts_at,
        ends_at: wanted.ends_at,
        location: wanted.location,
        practitioner: wanted.practitioner,
    };
    changed(&table, &staff, id, Some(if_match.0), what).await
}

async fn check(table: &ClinicTable, wanted: &MoveAppointment, now: Timestamp) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    if wanted.starts_at <= now {
        wrong.push(Detail::new("/starts_at", "give a time ahead"));
    }
    if let Some(location) = wanted.location
        && table.get::<Location>(&LocationKey { location }).await?.is_none()
    {
        wrong.push(Detail::new("/location", "give the id of a place of this clinic"));
    }
    if let Some(practitioner) = wanted.practitioner
        && table.get::<Practitioner>(&PractitionerKey { practitioner }).await?.is_none()
    {
        wrong.push(Detail::new("/practitioner", "give the id of a member of the staff of this clinic"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Problem::new(Kind::Invalid, "move_invalid", "the visit cannot be moved there").at(wrong))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    /// E-11
    #[tokio::test]
    async fn a_moved_visit_is_unconfirmed_and_planned_anew() {
        let house = House::open().await;
        house.reminded().await;
        let (_, visit) = house.visit("a1", "2026-11-26T19:30:00Z").await;
        let at = |rest: &str| format!("/v1/appointments/{visit}{rest}");
        let yes = Some(json!({ "answer": "CONFIRMED" }));
        house.send("front_desk", "POST", &at("/confirmation"), yes, None).await;
        let body = Some(json!({ "starts_at": "2026-11-27T15:00:00Z" }));
        let (status, shown) = house.send("front_desk", "POST", &at("/move"), body.clone(), Some("2")).await;
        assert_eq!((status, &shown["ends_at"]), (200, &json!("2026-11-27T15:30:00Z")), "{shown}");
        assert_eq!(
            (&shown["status"], &shown["confirmation"]["answer"]),
            (&json!("SCHEDULED"), &json!("UNCONFIRMED"))
        );
        let plan = house.get("front_desk", &at("/reminders")).await;
        let times: Vec<_> =
            plan["steps"].as_array().unwrap().iter().map(|step| &step["planned_at"]).collect();
        assert_eq!(times, [&json!("2026-11-25T15:00:00Z")]);
        let (status, problem) = house.send("front_desk", "POST", &at("/move"), body, Some("2")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("version_is_stale")));
    }

    #[tokio::test]
    async fn a_time_that_has_passed_and_places_of_others_are_refused() {
        let house = House::open().await;
        let (_, visit) = house.visit("a1", "2026-11-26T19:30:00Z").await;
        let path = format!("/v1/appointments/{visit}/move");
        let body =
            json!({ "starts_at": "2026-11-20T15:00:00Z", "location": "loc_00000000000000000000000001" });
        let (status, problem) = house.send("front_desk", "POST", &path, Some(body), Some("1")).await;
        let at: Vec<&Value> = problem["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
        assert_eq!((status, at), (422, vec![&json!("/starts_at"), &json!("/location")]));
        let body = json!({ "starts_at": "2026-11-27T15:00:00Z", "ends_at": "2026-11-27T14:00:00Z" });
        let (status, problem) = house.send("front_desk", "POST", &path, Some(body), Some("1")).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/ends_at")));
    }
}
