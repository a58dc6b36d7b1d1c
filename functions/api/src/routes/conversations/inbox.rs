//! `GET /v1/inbox`

use axum::extract::State;
use edge::{Json, Page, Problem, Query, Staff};
use kernel::{Cursor, Limit};
use messaging::conversation::Conversation;
use platform::Platform;
use serde::Deserialize;
use table::keys::Conversations;
use utoipa::IntoParams;

use super::view::ConversationView;
use crate::routes::people::names::Names;

/// Which part of the inbox.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Inbox {
    /// Only conversations with something nobody has seen.
    #[serde(default)]
    unread: bool,
    /// How many conversations, 1 to 50.
    #[serde(default, deserialize_with = "edge::limit_up_to::<50, _>")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 50, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// The conversations of the clinic, the one with the latest message first
///
/// A page may be short, even empty, and still have a `next` when only unread ones are asked for.
#[utoipa::path(
    get,
    path = "/v1/inbox",
    operation_id = "list_inbox",
    tag = "conversations",
    params(Inbox),
    extensions(("x-access" = json!("messaging:view and permission comms:view_inbox"))),
    responses((status = 200, description = "A page of conversations.", body = Page<ConversationView>)),
)]
pub(super) async fn inbox(
    State(platform): State<Platform>,
    staff: Staff,
    Query(inbox): Query<Inbox>,
) -> Result<Json<Page<ConversationView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let span = Conversations::all().backwards();
    let after = inbox.cursor.as_ref();
    let page = if inbox.unread {
        table.list_where(&span, inbox.limit, after, |head: &Conversation| head.unread > 0).await?
    } else {
        table.list::<Conversation>(&span, inbox.limit, after).await?
    };
    let persons: Vec<_> = page.items.iter().map(|head| head.person).collect();
    let names = Names::of(&table, &staff, persons.iter().copied()).await?;
    audit::viewed(&table, &staff.actor(), "inbox.viewed", &["names", "conversations"], persons).await?;
    Ok(Json(Page::of(page, |head| ConversationView::of(&head, &names))))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    #[tokio::test]
    async fn conversations_come_with_the_latest_first_and_names_for_those_who_may_see_them() {
        let house = House::new().await;
        let (ana, ben) = (house.person("ana").await, house.person("ben").await);
        house.hears(ana, "Can I park there?").await;
        house.hears(ben, "C").await;
        let page = house.get("front_desk", "/v1/inbox").await;
        let names: Vec<_> = page["items"].as_array().unwrap().iter().map(|head| &head["name"]).collect();
        assert_eq!(names, ["Ben Reyes", "Ana Reyes"]);
        assert_eq!(
            (&page["items"][0]["unread"], &page["items"][0]["last_direction"]),
            (&json!(1), &json!("IN"))
        );
        let page = house.get("read_only", "/v1/inbox?limit=1").await;
        assert_eq!((&page["items"][0]["name"], page["next"].is_string()), (&Value::Null, true));
        house.send("front_desk", "POST", &format!("/v1/conversations/{ben}/read"), None, None).await;
        let page = house.get("front_desk", "/v1/inbox?unread=true").await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_page_has_at_most_fifty() {
        let house = House::new().await;
        let (status, problem) = house.send("doctor", "GET", "/v1/inbox?limit=51", None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("limit")));
    }
}
