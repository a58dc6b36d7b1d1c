//! `POST /v1/events/parked/{id}/replay`

use automations::Reminders;
use axum::extract::State;
use edge::{Json, Path, Problem, Staff, not_found};
use kernel::EventId;
use people::events::{self, Outcome};
use platform::Platform;
use serde::Serialize;
use utoipa::ToSchema;

/// What became of a parked event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "eventId": "pms-4711", "became": "APPLIED", "effect": "CREATED" }))]
pub(super) struct Replayed {
    /// `became` is `APPLIED` or `IGNORED` (with `effect`), `PARKED` (with `reason`) or `REFUSED` (with `code` and
    /// `details`).
    #[serde(flatten)]
    #[schema(value_type = Object)]
    outcome: Outcome,
}

/// Try again to use a parked event
///
/// What waits for something is taken up by itself as soon as that is known; this is for all the rest, such as a
/// type that could not be read before. What still cannot be used stays parked. An event counts once, however
/// often it is tried.
#[utoipa::path(
    post,
    path = "/v1/events/parked/{id}/replay",
    operation_id = "replay_parked_event",
    tag = "ways in",
    params(("id" = String, Path, description = "The event.", example = "evt_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "What became of it.", body = Replayed)),
)]
pub(super) async fn replay(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<EventId>,
) -> Result<Json<Replayed>, Problem> {
    let table = platform.table.of(staff.clinic);
    let plan = Reminders::for_batch(&table).await?;
    let outcome = events::replay(&table, &plan, &staff.actor(), id).await?.ok_or_else(not_found)?;
    Ok(Json(Replayed { outcome }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::House;

    ///
    #[tokio::test]
    async fn a_parked_event_is_tried_again_and_stays_while_it_cannot_be_used() {
        let house = House::open().await;
        let event = json!({
            "eventId": "e1", "eventType": "moon.landed", "eventVersion": 1, "producer": "pms",
            "occurredAt": "2026-11-22T07:00:00Z", "tenantId": house.clinic, "data": {}
        });
        let body = Some(json!({ "events": [event] }));
        let (status, taken) = house.send("clinic_admin", "POST", "/v1/events", body, None).await;
        assert_eq!((status, &taken["events"][0]["became"]), (202, &json!("PARKED")), "{taken}");
        let parked = house.get("clinic_admin", "/v1/events/parked").await;
        let path = format!("/v1/events/parked/{}/replay", parked["items"][0]["id"].as_str().unwrap());
        for _ in 0..2 {
            let (status, outcome) = house.send("clinic_admin", "POST", &path, None, None).await;
            assert_eq!((status, &outcome["became"]), (200, &json!("PARKED")), "{outcome}");
        }
        let parked = house.get("clinic_admin", "/v1/events/parked").await;
        assert_eq!(parked["items"].as_array().unwrap().len(), 1);
        assert_eq!(house.send("doctor", "POST", &path, None, None).await.0, 403);
        let nowhere = "/v1/events/parked/evt_00000000000000000000000001/replay";
        assert_eq!(house.send("clinic_admin", "POST", nowhere, None, None).await.0, 404);
    }
}
