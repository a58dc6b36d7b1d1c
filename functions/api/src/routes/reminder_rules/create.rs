//! `POST /v1/reminder-rules`

use automations::rules;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use edge::{Idempotency, IdempotencyHeader, Json, Problem, Staff};
use platform::Platform;

use super::view::{ReminderRule, SetRule};

/// Create a rule that reminds of visits
///
/// If it is switched on, the visits ahead are planned anew from then on; moments that have passed are not made
/// up for.
#[utoipa::path(
    post,
    path = "/v1/reminder-rules",
    operation_id = "create_reminder_rule",
    tag = "reminders",
    params(IdempotencyHeader),
    request_body = SetRule,
    extensions(("x-access" = json!("permission comms:manage_campaigns"))),
    responses(
        (status = 201, description = "The rule.", body = ReminderRule,
            headers(("Location" = String, description = "The rule."))),
    ),
)]
pub(super) async fn create(
    State(platform): State<Platform>,
    staff: Staff,
    ids: Idempotency,
    Json(wanted): Json<SetRule>,
) -> Result<impl IntoResponse, Problem> {
    let table = platform.table.of(staff.clinic);
    let kept = rules::create_with(&table, &staff.actor(), ids.id("rule"), &wanted.into()).await?;
    let place = format!("/v1/reminder-rules/{}", kept.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], ReminderRule::versioned(kept)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::House;

    const AT: &str = "/v1/reminder-rules";

    /// E-08, E-15
    #[tokio::test]
    async fn a_rule_is_created_once_changed_by_version_and_put_away() {
        let house = House::open().await;
        let template = house.template("See you on {{appointment.date_time}}").await;
        let body = json!({
            "name": "A day before", "timing": { "kind": "BEFORE", "amount": 1, "unit": "DAYS" },
            "channels": { "FIRST_OF": ["SMS"] }, "template": template, "service_types": ["Cleaning"]
        });
        let (status, made) = house.create("clinic_admin", AT, "key", &body).await;
        assert_eq!((status, &made["version"], &made["late"]), (201, &json!(1), &json!("SKIP")), "{made}");
        assert_eq!(house.create("clinic_admin", AT, "key", &body).await.1, made);
        let list = house.get("doctor", AT).await;
        assert_eq!(list["items"], json!([made]));
        let path = format!("{AT}/{}", made["id"].as_str().unwrap());
        let mut off = body.clone();
        off["enabled"] = json!(false);
        let (status, changed) = house.send("clinic_admin", "PUT", &path, Some(off.clone()), Some("1")).await;
        assert_eq!((status, &changed["enabled"], &changed["version"]), (200, &json!(false), &json!(2)));
        assert_eq!(house.get("doctor", &path).await, changed);
        let (status, problem) = house.send("clinic_admin", "PUT", &path, Some(off), Some("1")).await;
        assert_eq!((status, &problem["current"]["version"]), (409, &json!(2)));
        assert_eq!(house.send("clinic_admin", "DELETE", &path, None, Some("1")).await.0, 409);
        assert_eq!(house.send("clinic_admin", "DELETE", &path, None, Some("2")).await.0, 204);
        assert_eq!(house.send("doctor", "GET", &path, None, None).await.0, 404);
        assert_eq!(house.send("front_desk", "POST", AT, Some(body), None).await.0, 403);
    }

    #[tokio::test]
    async fn what_cannot_be_a_rule_is_told_by_field() {
        let house = House::open().await;
        let body = json!({
            "name": " ", "timing": { "kind": "BEFORE", "amount": 0, "unit": "DAYS" },
            "channels": { "FIRST_OF": [] }, "template": "tpl_00000000000000000000000001"
        });
        let (status, problem) = house.send("clinic_admin", "POST", AT, Some(body), None).await;
        let at: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!((status, at), (422, vec!["/name", "/timing/at", "/channels", "/template"]));
    }

    /// E-15
    #[tokio::test]
    async fn the_usual_rules_are_there_with_one_call_and_only_once() {
        let house = House::open().await;
        templates::seed(&house.table()).await.unwrap();
        let apply = async |name: &str| {
            house.send("clinic_admin", "POST", &format!("{AT}/presets/{name}"), None, None).await
        };
        let (status, applied) = apply("standard").await;
        assert_eq!((status, applied["created"].as_array().unwrap().len()), (200, 3), "{applied}");
        let (_, again) = apply("standard").await;
        assert_eq!((&again["created"], again["kept"].as_array().unwrap().len()), (&json!([]), 3));
        assert_eq!(apply("7_days").await.1["created"], json!(["7_days"]));
        assert_eq!(house.get("doctor", AT).await["items"].as_array().unwrap().len(), 4);
        assert_eq!(apply("yearly").await.0, 404);
    }
}
