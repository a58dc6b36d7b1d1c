//! `DELETE /v1/messages/{id}/pieces/{piece}`

use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use kernel::MessageId;
use platform::Platform;

use super::view::MessageDetail;

/// Take something out of a digest before it is sent
///
/// With the last piece the digest ends: one with nothing in it is not sent.
#[utoipa::path(
    delete,
    path = "/v1/messages/{id}/pieces/{piece}",
    operation_id = "take_out_piece",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The digest.", example = "msg_01m8cz00000000000000000000"),
        ("piece" = String, Path, description = "The piece.", example = "msg_01m8cz00000000000000000001"),
    ),
    extensions(("x-access" = json!("messaging:edit"))),
    responses(
        (status = 200, description = "The digest as it is now.", body = MessageDetail),
        (status = 409, description = "It is on its way or has ended: `message_too_late`."),
    ),
)]
pub(super) async fn take_out(
    State(platform): State<Platform>,
    staff: Staff,
    Path((id, piece)): Path<(MessageId, MessageId)>,
) -> Result<Versioned<MessageDetail>, Problem> {
    let table = platform.table.of(staff.clinic);
    let kept = messaging::take_out(&table, &staff.actor(), id, piece).await?;
    Ok(MessageDetail::versioned(&kept, &staff))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    async fn write(house: &House, body: Value) -> Value {
        let (status, made) = house.send("front_desk", "POST", "/v1/messages", Some(body), None).await;
        assert_eq!(status, 202, "{made}");
        made
    }

    /// D-02
    #[tokio::test]
    async fn what_somebody_wants_daily_is_collected_into_one_message() {
        let house = House::open().await;
        let data = json!({ "given_name": "Ana", "text": "(212) 555-0123" });
        let ana = house.told("person", "p1", 1, data).await;
        let wish = json!({ "channels": ["SMS"], "frequency": { "SMS": "DAILY" } });
        let at = format!("/v1/people/{ana}/preferences");
        let (status, set) = house.send("front_desk", "PUT", &at, Some(wish), Some("0")).await;
        assert_eq!((status, &set["frequency"]), (200, &json!({ "SMS": "DAILY" })), "{set}");
        let text = |category: &str, text: &str| json!({ "person": ana, "category": category, "text": text });
        let one = write(&house, text("GENERAL", "Your permit is here.")).await;
        let two = write(&house, text("GENERAL", "We are closed on Friday.")).await;
        assert_eq!(one["id"], two["id"], "one message for both");
        assert_ne!(one["piece"], two["piece"]);
        // 08:00 UTC on a Sunday in New York: the morning of the same day.
        assert_eq!((&one["status"], &one["send_at"]), (&json!("SCHEDULED"), &json!("2026-11-22T14:00:00Z")));
        for body in [
            text("APPOINTMENT", "We moved your visit."),
            json!({ "person": ana, "category": "GENERAL", "text": "Your car is on fire.", "urgent": true }),
        ] {
            let made = write(&house, body).await;
            assert_eq!((&made["status"], &made["piece"]), (&json!("QUEUED"), &Value::Null));
        }
        let path = format!("/v1/messages/{}", one["id"].as_str().unwrap());
        let digest = house.get("front_desk", &path).await;
        assert_eq!(digest["text"], "Your permit is here.\n\nWe are closed on Friday.");
        assert_eq!(digest["source"]["kind"], "DIGEST");
        assert_eq!(digest["pieces"][1]["text"], "We are closed on Friday.");
        assert_eq!(digest["pieces"][1]["source"]["by"], House::caller("front_desk").to_string());
        assert!(house.get("read_only", &path).await["pieces"][1]["text"].is_null());
        let out = |piece: &Value| format!("{path}/pieces/{}", piece.as_str().unwrap());
        let take = async |piece: &Value| house.send("front_desk", "DELETE", &out(piece), None, None).await;
        let (status, left) = take(&one["piece"]).await;
        assert_eq!((status, &left["text"]), (200, &json!("We are closed on Friday.")));
        assert_eq!(take(&one["piece"]).await.0, 404);
        let (_, left) = take(&two["piece"]).await;
        assert_eq!(
            (&left["status"], &left["because"]["code"]),
            (&json!("CANCELLED"), &json!("DIGEST_EMPTY"))
        );
        assert_eq!(take(&two["piece"]).await.0, 409);
        let third = write(&house, text("GENERAL", "One more thing.")).await;
        assert_ne!(third["id"], one["id"], "what has ended takes nothing in");
        assert_eq!(house.send("doctor", "DELETE", &out(&third["piece"]), None, None).await.0, 403);
    }

    /// D-02, Z-04
    #[tokio::test]
    async fn the_same_create_twice_is_one_piece() {
        let house = House::open().await;
        let ana =
            house.told("person", "p1", 1, json!({ "given_name": "Ana", "text": "(212) 555-0123" })).await;
        let wish = json!({ "frequency": { "SMS": "WEEKLY" } });
        let at = format!("/v1/people/{ana}/preferences");
        assert_eq!(house.send("front_desk", "PUT", &at, Some(wish), Some("0")).await.0, 200);
        let body = json!({ "person": ana, "category": "GENERAL", "channel": "SMS", "text": "Once" });
        let first = house.create("front_desk", "/v1/messages", "key-1", &body).await;
        let second = house.create("front_desk", "/v1/messages", "key-1", &body).await;
        assert_eq!((first.0, &first.1), (202, &second.1));
        assert_eq!(first.1["send_at"], "2026-11-23T14:00:00Z");
        let path = format!("/v1/messages/{}", first.1["id"].as_str().unwrap());
        assert_eq!(house.get("front_desk", &path).await["pieces"].as_array().unwrap().len(), 1);
    }
}
