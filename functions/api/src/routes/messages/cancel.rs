//! `POST /v1/messages/{id}/cancel`

use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use kernel::MessageId;
use platform::Platform;

use super::view::MessageDetail;

/// Take a message back before it is sent
///
/// Taking it back again changes nothing. Once a sender has it, it is too late (409).
#[utoipa::path(
    post,
    path = "/v1/messages/{id}/cancel",
    operation_id = "cancel_message",
    tag = "messages",
    params(("id" = String, Path, description = "The message.", example = "msg_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("messaging:edit"))),
    responses(
        (status = 200, description = "It will not be sent.", body = MessageDetail),
        (status = 409, description = "It is on its way or has ended: `message_too_late`."),
    ),
)]
pub(super) async fn cancel(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<MessageId>,
) -> Result<Versioned<MessageDetail>, Problem> {
    let table = platform.table.of(staff.clinic);
    let kept = messaging::cancel(&table, &staff.actor(), id, None).await?;
    Ok(MessageDetail::versioned(&kept, &staff))
}

#[cfg(test)]
mod tests {
    use kernel::{Id as _, MessageId};
    use messaging::Status;
    use serde_json::json;

    use crate::testing::House;

    ///
    #[tokio::test]
    async fn a_message_is_taken_back_once_and_for_all() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let path = house.message(ana, "Never mind").await;
        let cancel = format!("{path}/cancel");
        for _ in 0..2 {
            let (status, message) = house.send("front_desk", "POST", &cancel, None, None).await;
            assert_eq!((status, &message["status"]), (200, &json!("CANCELLED")));
            assert_eq!(message["because"]["code"], "CANCELLED");
        }
    }

    ///
    #[tokio::test]
    async fn what_a_sender_has_cannot_be_taken_back() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let path = house.message(ana, "On my way").await;
        house.becomes(&path, Status::Sending).await;
        let (status, problem) = house.send("front_desk", "POST", &format!("{path}/cancel"), None, None).await;
        assert_eq!((status, &problem["code"]), (409, &json!("message_too_late")));
    }

    #[tokio::test]
    async fn what_is_not_there_or_not_theirs_to_change_stays() {
        let house = House::new().await;
        let path = format!("/v1/messages/{}/cancel", MessageId::derived(&["elsewhere"]));
        assert_eq!(house.send("front_desk", "POST", &path, None, None).await.0, 404);
        assert_eq!(house.send("doctor", "POST", &path, None, None).await.0, 403);
    }
}
