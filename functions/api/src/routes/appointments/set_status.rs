//! `POST /v1/appointments/{id}/status`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use kernel::{AppointmentId, Detail, Kind};
use people::appointments::{Change, Status};
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{AppointmentView, changed};
use crate::words;

/// The longest reason, in characters.
const LONGEST: usize = 300;

/// Another status of a visit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "status": "CANCELLED", "reason": "patient moved away" }))]
pub(super) struct SetStatus {
    /// `SCHEDULED`, `CONFIRMED`, `ARRIVED`, `IN_PROGRESS`, `COMPLETED`, `INCOMPLETE`, `NO_SHOW` or `CANCELLED`.
    #[schema(value_type = words::VisitStatus)]
    status: Status,
    /// Why, for a visit that is called off; at most 300 characters.
    reason: Option<String>,
}

/// Give a visit another status
///
/// Its reminders are planned anew with it: those of a visit that is over or called off are taken back.
#[utoipa::path(
    post,
    path = "/v1/appointments/{id}/status",
    operation_id = "set_appointment_status",
    tag = "appointments",
    params(
        ("id" = String, Path, description = "The visit.", example = "apt_01m8cz00000000000000000000"),
        IfMatchHeader,
    ),
    request_body = SetStatus,
    extensions(("x-access" = json!("messaging:edit"))),
    responses((status = 200, description = "The visit as it is now.", body = AppointmentView)),
)]
pub(super) async fn set_status(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<AppointmentId>,
    if_match: IfMatch,
    Json(wanted): Json<SetStatus>,
) -> Result<Versioned<AppointmentView>, Problem> {
    if wanted.reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST) {
        let wrong = Detail::new("/reason", format!("write at most {LONGEST} characters"));
        return Err(Problem::new(Kind::Invalid, "reason_too_long", "the reason is too long").at([wrong]));
    }
    let table = platform.table.of(staff.clinic);
    let what = Change::Status { to: wanted.status, reason: wanted.reason };
    changed(&table, &staff, id, Some(if_match.0), what).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::House;

    /// E-11
    #[tokio::test]
    async fn a_visit_that_is_called_off_takes_its_reminders_with_it() {
        let house = House::open().await;
        house.reminded().await;
        let (_, visit) = house.visit("a1", "2026-11-24T19:30:00Z").await;
        let plan = format!("/v1/appointments/{visit}/reminders");
        let before = house.get("front_desk", &plan).await;
        assert_eq!(before["steps"][0]["state"], "PLANNED", "{before}");
        let path = format!("/v1/appointments/{visit}/status");
        let body = Some(json!({ "status": "CANCELLED", "reason": "moved away" }));
        let (status, shown) = house.send("front_desk", "POST", &path, body.clone(), Some("1")).await;
        assert_eq!((status, &shown["cancel_reason"]), (200, &json!("moved away")));
        let message = before["steps"][0]["message"].as_str().unwrap();
        let message = house.get("front_desk", &format!("/v1/messages/{message}")).await;
        assert_eq!(message["status"], "CANCELLED");
        let (status, problem) = house.send("front_desk", "POST", &path, body, Some("1")).await;
        assert_eq!((status, &problem["current"]["status"]), (409, &json!("CANCELLED")));
    }

    #[tokio::test]
    async fn a_status_that_cannot_follow_is_refused_with_those_that_can() {
        let house = House::open().await;
        let (_, visit) = house.visit("a1", "2026-11-24T19:30:00Z").await;
        let path = format!("/v1/appointments/{visit}/status");
        let to = |status: &str| Some(json!({ "status": status }));
        assert_eq!(house.send("front_desk", "POST", &path, to("COMPLETED"), Some("1")).await.0, 200);
        let (status, problem) = house.send("front_desk", "POST", &path, to("SCHEDULED"), Some("2")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("status_not_allowed")));
        assert_eq!(problem["errors"][0]["detail"], "it can become INCOMPLETE");
        let (status, problem) = house.send("front_desk", "POST", &path, to("GONE"), Some("2")).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/status")));
        assert_eq!(house.send("billing", "POST", &path, to("INCOMPLETE"), Some("2")).await.0, 403);
    }
}
