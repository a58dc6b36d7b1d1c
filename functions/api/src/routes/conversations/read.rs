//! `POST /v1/conversations/{person}/read`

use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned, not_found};
use kernel::PersonId;
use messaging::conversation::{Conversation, mark_read};
use platform::Platform;
use table::{ClinicTable, Kept, WriteFault};

use super::view::ConversationView;
use crate::routes::people::names::Names;

/// How often the conversation may move on under our hands.
const TRIES: usize = 4;

async fn seen(table: &ClinicTable, person: PersonId) -> Result<Option<Kept<Conversation>>, WriteFault> {
    for _ in 0..TRIES {
        match mark_read(table, person).await {
            Err(fault) if fault.is_conflict() => {}
            done => return done,
        }
    }
    Err(WriteFault::Contended)
}

/// Mark everything that a person wrote up to now as seen
#[utoipa::path(
    post,
    path = "/v1/conversations/{person}/read",
    operation_id = "read_conversation",
    tag = "conversations",
    params(("person" = String, Path, description = "With whom.", example = "per_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("messaging:send and permission comms:view_inbox"))),
    responses((status = 200, description = "The conversation.", body = ConversationView)),
)]
pub(super) async fn read(
    State(platform): State<Platform>,
    staff: Staff,
    Path(person): Path<PersonId>,
) -> Result<Versioned<ConversationView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let head = seen(&table, person).await?.ok_or_else(not_found)?;
    let names = Names::of(&table, &staff, [person]).await?;
    audit::viewed(&table, &staff.actor(), "conversation.viewed", &["name", "conversation"], [person]).await?;
    Ok(Versioned(head.rev(), ConversationView::of(&head, &names)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::House;

    #[tokio::test]
    async fn what_was_seen_is_unread_no_more() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        house.hears(ana, "Hello?").await;
        let path = format!("/v1/conversations/{ana}/read");
        for _ in 0..2 {
            let (status, head) = house.send("front_desk", "POST", &path, None, None).await;
            assert_eq!((status, &head["unread"], &head["version"]), (200, &json!(0), &json!(2)));
        }
        assert_eq!(house.send("read_only", "POST", &path, None, None).await.0, 403);
        let ben = house.person("ben").await;
        let path = format!("/v1/conversations/{ben}/read");
        assert_eq!(house.send("front_desk", "POST", &path, None, None).await.0, 404);
    }
}
