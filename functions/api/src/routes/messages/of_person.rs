//! `GET /v1/people/{id}/messages`

use access::Field;
use axum::extract::State;
use edge::{Json, Page, Path, Problem, Query, Staff};
use kernel::{Cursor, Limit, PersonId};
use messaging::Message;
use people::persons::PersonFault;
use platform::Platform;
use serde::Deserialize;
use table::keys::MessagesOfPerson;
use utoipa::IntoParams;

use super::view::MessageRow;

fn fifty() -> Limit {
    Limit::new(50).unwrap_or_default()
}

/// Which part of the thread.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Thread {
    /// How many messages, 1 to 100.
    #[serde(default = "fifty", deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 50)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// The messages with a person over all channels, newest first
///
/// Of somebody who was merged into another person, the thread of the other.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/messages",
    operation_id = "list_messages_of_person",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000"),
        Thread,
    ),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "A page of the thread.", body = Page<MessageRow>)),
)]
pub(super) async fn of_person(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
    Query(thread): Query<Thread>,
) -> Result<Json<Page<MessageRow>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let person = people::persons::current(&table, id).await?.ok_or(PersonFault::NotFound(id))?;
    let span = MessagesOfPerson::all(person.id).backwards();
    let page = table.list::<Message>(&span, thread.limit, thread.cursor.as_ref()).await?;
    let fields = staff.shown(&[Field::MessageContent, Field::MessageCare]);
    audit::viewed(&table, &staff.actor(), "messages.viewed", &fields, [person.id]).await?;
    Ok(Json(Page::of(page, |kept| MessageRow::of(&kept, &staff))))
}

#[cfg(test)]
mod tests {
    use kernel::{Id as _, PersonId};
    use serde_json::json;

    use crate::testing::House;

    ///
    #[tokio::test]
    async fn a_thread_comes_newest_first_in_pages() {
        let house = House::new().await;
        let (ana, ben) = (house.person("ana").await, house.person("ben").await);
        for text in ["one", "two", "three"] {
            house.message(ana, text).await;
        }
        house.message(ben, "other").await;
        let path = format!("/v1/people/{ana}/messages?limit=2");
        let page = house.get("doctor", &path).await;
        let texts = |page: &serde_json::Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap();
            items.iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(texts(&page), ["three", "two"]);
        let next = page["next"].as_str().unwrap();
        let page = house.get("doctor", &format!("{path}&cursor={next}")).await;
        assert_eq!((texts(&page), page["next"].is_null()), (vec!["one".to_owned()], true));
        let foreign = format!("/v1/people/{ben}/messages?cursor={next}");
        let (status, problem) = house.send("doctor", "GET", &foreign, None, None).await;
        assert_eq!((status, &problem["code"]), (400, &json!("cursor_invalid")));
    }

    #[tokio::test]
    async fn nobody_has_no_thread_and_pages_have_a_size() {
        let house = House::new().await;
        let nobody = format!("/v1/people/{}/messages", PersonId::derived(&["elsewhere"]));
        let (status, problem) = house.send("doctor", "GET", &nobody, None, None).await;
        assert_eq!((status, &problem["code"]), (404, &json!("person_not_found")));
        let ana = house.person("ana").await;
        let path = format!("/v1/people/{ana}/messages?limit=101");
        let (status, problem) = house.send("doctor", "GET", &path, None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("limit")));
    }
}
