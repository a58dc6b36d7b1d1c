//! `POST /v1/messages/{id}/resend`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use edge::{Idempotency, IdempotencyHeader, Json, Path, Problem, Staff};
use kernel::MessageId;
use platform::Platform;

use super::view::Accepted;

/// Send a message anew that ended
///
/// It becomes a message of its own, linked to the first, and is judged by the rules of now.
#[utoipa::path(
    post,
    path = "/v1/messages/{id}/resend",
    operation_id = "resend_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The message that ended.", example = "msg_01m8cz00000000000000000000"),
        IdempotencyHeader,
    ),
    extensions(("x-access" = json!("messaging:send and permission comms:send_message"))),
    responses(
        (status = 202, description = "The new message will go out, if nothing speaks against it.", body = Accepted,
            headers(("Location" = String, description = "The new message."))),
        (status = 409, description = "It has not ended, or came in: `message_not_ended`."),
    ),
)]
pub(super) async fn resend(
    State(platform): State<Platform>,
    staff: Staff,
    ids: Idempotency,
    Path(id): Path<MessageId>,
) -> Result<impl IntoResponse, Problem> {
    let table = platform.table.of(staff.clinic);
    let by = staff.id.to_string();
    let message = messaging::resend(&platform, &table, &staff.actor(), id, ids.id("message"), &by).await?;
    let place = format!("/v1/messages/{}", message.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(Accepted::from(&message))))
}

#[cfg(test)]
mod tests {
    use messaging::Status;
    use serde_json::{Value, json};

    use crate::testing::House;

    ///
    #[tokio::test]
    async fn a_message_that_ended_is_sent_anew_as_one_of_its_own() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let path = house.message(ana, "Again").await;
        let resend = format!("{path}/resend");
        let (status, problem) = house.create("doctor", &resend, "key", &Value::Null).await;
        assert_eq!((status, &problem["code"]), (409, &json!("message_not_ended")));
        house.becomes(&path, Status::Failed).await;
        let first = house.create("doctor", &resend, "key", &Value::Null).await;
        let second = house.create("doctor", &resend, "key", &Value::Null).await;
        assert_eq!((first.0, &first.1), (202, &second.1));
        let new = format!("/v1/messages/{}", first.1["id"].as_str().unwrap());
        let new = house.get("doctor", &new).await;
        assert_eq!(format!("/v1/messages/{}", new["resend_of"].as_str().unwrap()), path);
        assert_eq!(house.get("doctor", &path).await["status"], "FAILED");
    }
}
