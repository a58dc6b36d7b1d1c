//! `POST /v1/events`

use automations::Reminders;
use axum::{extract::State, http::StatusCode};
use edge::{Json, Problem, Staff};
use kernel::{Detail, Masked};
use people::events::{self, Became, Outcome};
use platform::Platform;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Events of other systems, 1 to 100, in any order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "events": [{
    "eventId": "7c1f2e9a",
    "eventType": "appointment.booked",
    "eventVersion": 1,
    "occurredAt": "2026-11-22T15:00:00Z",
    "producer": "pms",
    "tenantId": "cln_01m8cz00000000000000000000",
    "data": { "id": "A-1017", "person": "P-311", "starts_at": "2026-11-24T14:30:00", "minutes": 30 }
}] }))]
pub(super) struct TakeEvents {
    /// Each with `eventId`, `eventType`, `eventVersion`, `occurredAt`, `producer`, `tenantId` (this clinic),
    /// `data` and perhaps `correlationId`.
    #[schema(value_type = Vec<Object>, min_items = 1, max_items = 100)]
    events: Masked<Vec<Value>>,
}

/// What became of each event, in the order they were sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "events": [
    { "eventId": "7c1f2e9a", "became": "APPLIED", "effect": "CREATED" },
    { "eventId": "7c1f2e9b", "became": "DUPLICATE" },
    { "eventId": "7c1f2e9c", "became": "PARKED", "reason": "SUBJECT_UNKNOWN" },
    { "became": "REFUSED", "code": "event_invalid",
        "details": [{ "at": "/events/3/eventId", "says": "is missing" }] }
] }))]
pub(super) struct TakenEvents {
    /// `became` is `APPLIED` or `IGNORED` (with `effect`), `DUPLICATE`, `PARKED` (with `reason`) or `REFUSED` (with
    /// `code` and `details`).
    #[schema(value_type = Vec<Object>)]
    events: Vec<Outcome>,
}

/// Hand in what happened in other systems
///
/// Each event counts once, however often it is sent; what cannot be used yet is parked. An event that is refused
/// does not keep the others from counting.
#[utoipa::path(
    post,
    path = "/v1/events",
    operation_id = "take_events",
    tag = "ways in",
    request_body = TakeEvents,
    extensions(("x-access" = json!("admin"))),
    responses((status = 202, description = "What became of each.", body = TakenEvents)),
)]
pub(super) async fn take(
    State(platform): State<Platform>,
    staff: Staff,
    Json(wanted): Json<TakeEvents>,
) -> Result<(StatusCode, Json<TakenEvents>), Problem> {
    let table = platform.table.of(staff.clinic);
    let plan = Reminders::for_batch(&table).await?;
    let mut taken = events::take(&table, &plan, &staff.actor(), wanted.events.reveal()).await?;
    for outcome in &mut taken {
        if let Became::Refused { details, .. } = &mut outcome.became {
            for detail in details {
                *detail = Detail::new(format!("/events{}", detail.at), std::mem::take(&mut detail.says));
            }
        }
    }
    Ok((StatusCode::ACCEPTED, Json(TakenEvents { events: taken })))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    fn event(house: &House, id: &str, kind: &str, data: &Value) -> Value {
        json!({
            "eventId": id, "eventType": kind, "eventVersion": 1, "occurredAt": "2026-11-22T07:00:00Z",
            "producer": "pms", "tenantId": house.clinic, "data": data,
        })
    }

    async fn take(house: &House, events: Vec<Value>) -> (u16, Value) {
        house.send("clinic_admin", "POST", "/v1/events", Some(json!({ "events": events })), None).await
    }

    #[tokio::test]
    async fn events_count_once_each_and_those_nobody_reads_are_parked() {
        let house = House::open().await;
        let events = vec![
            event(&house, "1", "patient.created", &json!({ "id": "p1", "given_name": "Ana" })),
            event(&house, "2", "moon.rose", &json!({})),
            json!({ "eventId": "3" }),
        ];
        let (status, answer) = take(&house, events.clone()).await;
        assert_eq!(status, 202, "{answer}");
        let became = |answer: &Value| -> Vec<String> {
            let events = answer["events"].as_array().unwrap();
            events.iter().map(|event| event["became"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(became(&answer), ["APPLIED", "PARKED", "REFUSED"], "{answer}");
        assert_eq!(answer["events"][2]["details"][0]["at"], "/events/2/eventType");
        assert_eq!(became(&take(&house, events).await.1), ["DUPLICATE", "PARKED", "REFUSED"]);
        let parked = house.get("clinic_admin", "/v1/events/parked").await;
        assert_eq!(parked["items"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&parked["items"][0]["event_type"], &parked["items"][0]["reason"]),
            (&json!("moon.rose"), &json!("TYPE_UNKNOWN"))
        );
    }

    #[tokio::test]
    async fn none_too_many_and_no_list_are_refused_whole() {
        let house = House::open().await;
        for events in [vec![], vec![json!({}); 101]] {
            let (status, problem) = take(&house, events).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/events")));
        }
        let body = Some(json!([]));
        assert_eq!(house.send("clinic_admin", "POST", "/v1/events", body.clone(), None).await.0, 422);
        assert_eq!(house.send("front_desk", "POST", "/v1/events", body, None).await.0, 403);
    }
}
