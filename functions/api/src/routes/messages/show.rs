//! `GET /v1/messages/{id}`

use access::Field;
use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use kernel::MessageId;
use messaging::{ChangeFault, Message};
use platform::Platform;
use table::{ClinicTable, Kept, keys::MessageKey};

use super::view::MessageDetail;

pub(super) async fn read(table: &ClinicTable, id: MessageId) -> Result<Kept<Message>, Problem> {
    let kept = table.get(&MessageKey { message: id }).await?;
    Ok(kept.ok_or(ChangeFault::NotFound(id))?)
}

/// One message with all that is known of it
///
/// What was sent stays as it was sent, whatever becomes of the template.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}",
    operation_id = "show_message",
    tag = "messages",
    params(("id" = String, Path, description = "The message.", example = "msg_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The message.", body = MessageDetail)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<MessageId>,
) -> Result<Versioned<MessageDetail>, Problem> {
    let table = platform.table.of(staff.clinic);
    let kept = read(&table, id).await?;
    let fields = staff.shown(&[Field::of_message(kept.category), Field::PersonContacts]);
    audit::viewed(&table, &staff.actor(), "message.viewed", &fields, [kept.person]).await?;
    Ok(MessageDetail::versioned(&kept, &staff))
}

#[cfg(test)]
mod tests {
    use kernel::{Id as _, MessageId};
    use serde_json::{Value, json};

    use crate::testing::House;

    /// P-06
    #[tokio::test]
    async fn what_was_written_is_for_those_who_may_see_patients() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let path = house.message(ana, "See you soon").await;
        assert_eq!(house.get("doctor", &path).await["text"], "See you soon");
        let masked = house.get("read_only", &path).await;
        assert_eq!((&masked["text"], &masked["status"]), (&Value::Null, &json!("QUEUED")));
    }

    #[tokio::test]
    async fn a_message_of_nobody_is_not_found() {
        let house = House::new().await;
        let path = format!("/v1/messages/{}", MessageId::derived(&["elsewhere"]));
        let (status, problem) = house.send("front_desk", "GET", &path, None, None).await;
        assert_eq!((status, &problem["code"]), (404, &json!("message_not_found")));
    }
}
