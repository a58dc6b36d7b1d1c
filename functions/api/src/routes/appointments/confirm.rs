//! `POST /v1/appointments/{id}/confirmation`

use axum::extract::State;
use edge::{Json, Path, Problem, Staff, Versioned};
use kernel::AppointmentId;
use people::appointments::{Change, How};
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{AppointmentView, changed};

/// What a patient said on the phone about coming.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "answer": "CONFIRMED" }))]
pub(super) struct LogConfirmation {
    answer: PhoneAnswer,
}

/// Whether they will come.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum PhoneAnswer {
    /// They will.
    Confirmed,
    /// They will not. The visit stays booked until somebody calls it off.
    Declined,
}

/// Note what a patient said on the phone about coming
///
/// Noting it again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/appointments/{id}/confirmation",
    operation_id = "log_confirmation",
    tag = "appointments",
    params(("id" = String, Path, description = "The visit.", example = "apt_01m8cz00000000000000000000")),
    request_body = LogConfirmation,
    extensions(("x-access" = json!("messaging:send"))),
    responses(
        (status = 200, description = "The visit as it is now.", body = AppointmentView),
        (status = 409, description = "It has begun, is over or called off: `appointment_begun`, `appointment_closed`."),
    ),
)]
pub(super) async fn confirm(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<AppointmentId>,
    Json(wanted): Json<LogConfirmation>,
) -> Result<Versioned<AppointmentView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let (by, how) = (staff.id.to_string(), How::Phone);
    let what = match wanted.answer {
        PhoneAnswer::Confirmed => Change::Confirm { by, how },
        PhoneAnswer::Declined => Change::Decline { by, how },
    };
    changed(&table, &staff, id, None, what).await
}

#[cfg(test)]
mod tests {
    use kernel::{AppointmentId, Id as _};
    use serde_json::json;

    use crate::testing::House;

    /// E-18
    #[tokio::test]
    async fn what_a_patient_says_on_the_phone_counts_with_who_heard_it() {
        let house = House::open().await;
        let (_, visit) = house.visit("a1", "2026-11-24T19:30:00Z").await;
        let path = format!("/v1/appointments/{visit}/confirmation");
        for _ in 0..2 {
            let body = Some(json!({ "answer": "CONFIRMED" }));
            let (status, shown) = house.send("front_desk", "POST", &path, body, None).await;
            assert_eq!((status, &shown["status"], &shown["version"]), (200, &json!("CONFIRMED"), &json!(2)));
            assert_eq!(shown["confirmation"]["how"], "PHONE");
            assert_eq!(shown["confirmation"]["by"], House::caller("front_desk").to_string());
        }
        let body = Some(json!({ "answer": "DECLINED" }));
        let (_, shown) = house.send("doctor", "POST", &path, body.clone(), None).await;
        assert_eq!(
            (&shown["status"], &shown["confirmation"]["answer"]),
            (&json!("SCHEDULED"), &json!("DECLINED"))
        );
        assert_eq!(house.send("read_only", "POST", &path, body.clone(), None).await.0, 403);
        let nobody = format!("/v1/appointments/{}/confirmation", AppointmentId::derived(&["elsewhere"]));
        let (status, problem) = house.send("doctor", "POST", &nobody, body.clone(), None).await;
        assert_eq!((status, &problem["code"]), (404, &json!("appointment_not_found")));
        house.platform.clock.advance(jiff::SignedDuration::from_hours(72));
        let (status, problem) = house.send("doctor", "POST", &path, body, None).await;
        assert_eq!((status, &problem["code"]), (409, &json!("appointment_begun")));
    }
}
