//! `PATCH /v1/messages/{id}`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use kernel::{Detail, MessageId, Timestamp};
use messaging::ChangeFault;
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{show::read, view::MessageDetail};

/// Another time for a message that waits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "send_at": "2026-11-23T15:00:00Z" }))]
pub(super) struct RescheduleMessage {
    #[schema(value_type = String, format = DateTime)]
    send_at: Timestamp,
}

/// Give a message that waits another time
#[utoipa::path(
    patch,
    path = "/v1/messages/{id}",
    operation_id = "reschedule_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The message.", example = "msg_01m8cz00000000000000000000"),
        IfMatchHeader,
    ),
    request_body = RescheduleMessage,
    extensions(("x-access" = json!("messaging:edit"))),
    responses((status = 200, description = "The message at its new time.", body = MessageDetail)),
)]
pub(super) async fn reschedule(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<MessageId>,
    if_match: IfMatch,
    Json(wanted): Json<RescheduleMessage>,
) -> Result<Versioned<MessageDetail>, Problem> {
    let table = platform.table.of(staff.clinic);
    let version = Some(if_match.0);
    match messaging::reschedule(&table, &staff.actor(), id, version, wanted.send_at).await {
        Ok(kept) => Ok(MessageDetail::versioned(&kept, &staff)),
        Err(ChangeFault::Stale { .. }) => {
            Err(Problem::stale(&MessageDetail::of(&read(&table, id).await?, &staff)))
        }
        Err(fault @ ChangeFault::BadTime) => {
            let mend = Detail::new("/send_at", "give a time ahead and before `not_after`");
            Err(Problem::from(fault).at([mend]))
        }
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use messaging::Status;
    use serde_json::json;

    use crate::testing::House;

    ///
    #[tokio::test]
    async fn a_message_that_waits_gets_another_time() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let path = house.message(ana, "Later").await;
        let to = |at: &str| Some(json!({ "send_at": at }));
        let moved = house.send("front_desk", "PATCH", &path, to("2026-11-24T15:00:00Z"), Some("1")).await;
        assert_eq!((moved.0, &moved.1["status"]), (200, &json!("SCHEDULED")));
        assert_eq!((&moved.1["send_at"], &moved.1["version"]), (&json!("2026-11-24T15:00:00Z"), &json!(2)));
        let (status, problem) =
            house.send("front_desk", "PATCH", &path, to("2026-11-25T15:00:00Z"), Some("1")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("version_is_stale")));
        assert_eq!(problem["current"]["version"], 2);
        let (status, problem) =
            house.send("front_desk", "PATCH", &path, to("2026-11-20T15:00:00Z"), Some("2")).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/send_at")));
        let (status, problem) =
            house.send("front_desk", "PATCH", &path, to("2026-11-25T15:00:00Z"), None).await;
        assert_eq!((status, &problem["code"]), (422, &json!("version_required")));
    }

    ///
    #[tokio::test]
    async fn what_was_sent_keeps_its_time() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let path = house.message(ana, "Gone").await;
        house.becomes(&path, Status::Sent).await;
        let body = Some(json!({ "send_at": "2026-11-25T15:00:00Z" }));
        let (status, problem) = house.send("front_desk", "PATCH", &path, body, Some("2")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("message_too_late")));
    }
}
