//! `POST /v1/conversations/{person}/messages`

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use edge::{Idempotency, IdempotencyHeader, Json, Path, Problem, Staff};
use kernel::{Category, Channel, Limit, Masked, PersonId, TemplateId};
use messaging::{Direction, Draft, Message, Route, Source, conversation::Conversation};
use people::persons::PersonFault;
use platform::Platform;
use serde::Deserialize;
use table::{
    ClinicTable, TableFault,
    keys::{ConversationKey, MessagesOfPerson},
};
use utoipa::ToSchema;

use crate::routes::messages::{
    compose::{Way, Words, category},
    view::Accepted,
};
use crate::words;

/// An answer within a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "Yes, the garage is behind the house." }))]
pub(super) struct Reply {
    /// Which way; the one the person last wrote by, unless told.
    channel: Option<Way>,
    /// What it is about; `GENERAL` unless told.
    #[schema(value_type = Option<words::Category>)]
    category: Option<Category>,
    #[schema(value_type = Option<words::TemplateId>)]
    template: Option<TemplateId>,
    /// The newest unless told.
    template_version: Option<u32>,
    /// Values for the template's variables, by path.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    variables: BTreeMap<String, Masked<String>>,
    /// For e-mail.
    #[schema(value_type = Option<String>)]
    subject: Option<Masked<String>>,
    /// At most 1600 characters.
    #[schema(value_type = Option<String>)]
    text: Option<Masked<String>>,
}

/// Answer a person
///
/// It goes the way the person last wrote by, or by the person's own preference if they never wrote.
#[utoipa::path(
    post,
    path = "/v1/conversations/{person}/messages",
    operation_id = "reply_to_person",
    tag = "conversations",
    params(
        ("person" = String, Path, description = "With whom.", example = "per_01m8cz00000000000000000000"),
        IdempotencyHeader,
    ),
    request_body = Reply,
    extensions(("x-access" = json!("messaging:send and permission comms:send_message"))),
    responses(
        (status = 202, description = "It will go out, if nothing speaks against it.", body = Accepted,
            headers(("Location" = String, description = "The message."))),
    ),
)]
pub(super) async fn reply(
    State(platform): State<Platform>,
    staff: Staff,
    Path(person): Path<PersonId>,
    ids: Idempotency,
    Json(wanted): Json<Reply>,
) -> Result<impl IntoResponse, Problem> {
    let table = platform.table.of(staff.clinic);
    let person = people::persons::current(&table, person).await?.ok_or(PersonFault::NotFound(person))?.id;
    let route = match wanted.channel {
        Some(way) => way.route(),
        None => last_way_in(&table, person).await?.map_or(Route::Auto, Route::Only),
    };
    let words = Words {
        template: wanted.template,
        template_version: wanted.template_version,
        variables: wanted.variables,
        subject: wanted.subject,
        text: wanted.text,
    };
    let (body, template) = words.body(&table, wanted.channel.unwrap_or_default()).await?;
    let draft = Draft {
        id: ids.id("message"),
        person,
        route,
        category: category(wanted.category, template.as_ref(), Some(Category::General))?,
        body,
        send_at: platform.clock.now(),
        not_after: None,
        about: None,
        asks: None,
        source: Source::Staff { by: staff.id.to_string() },
        resend_of: None,
    };
    let message = messaging::create(&platform, &table, &staff.actor(), draft).await?;
    let place = format!("/v1/messages/{}", message.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(Accepted::from(&message))))
}

/// The channel of the last message the person wrote, among the latest hundred of the thread.
async fn last_way_in(table: &ClinicTable, person: PersonId) -> Result<Option<Channel>, TableFault> {
    if let Some(head) = table.get::<Conversation>(&ConversationKey { person }).await?
        && head.last_direction == Direction::In
    {
        return Ok(head.last_channel);
    }
    let span = MessagesOfPerson::all(person).backwards();
    let page = table.list::<Message>(&span, Limit::MOST, None).await?;
    let came_in = page.items.iter().find(|message| message.direction == Direction::In);
    Ok(came_in.and_then(|message| message.channel))
}

#[cfg(test)]
mod tests {
    use kernel::{Id as _, PersonId};
    use serde_json::json;

    use crate::testing::House;

    #[tokio::test]
    async fn an_answer_goes_the_way_the_person_wrote() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let path = format!("/v1/conversations/{ana}/messages");
        let body = json!({ "text": "Yes, behind the house." });
        let (status, made) = house.create("doctor", &path, "first", &body).await;
        assert_eq!(status, 202, "{made}");
        let shown = async |made: &serde_json::Value| {
            house.get("doctor", &format!("/v1/messages/{}", made["id"].as_str().unwrap())).await
        };
        assert_eq!(shown(&made).await["route"], json!([]), "she never wrote: her own preference");
        house.hears(ana, "Can I park there?").await;
        let (_, made) = house.create("doctor", &path, "second", &body).await;
        let message = shown(&made).await;
        assert_eq!((&message["route"], &message["category"]), (&json!(["SMS"]), &json!("GENERAL")));
        let body = json!({ "text": "Yes", "channel": "EMAIL" });
        let (_, made) = house.create("doctor", &path, "third", &body).await;
        assert_eq!(shown(&made).await["route"], json!(["EMAIL"]));
    }

    #[tokio::test]
    async fn nobody_gets_no_answer_and_silence_is_none() {
        let house = House::new().await;
        let path = format!("/v1/conversations/{}/messages", PersonId::derived(&["elsewhere"]));
        let (status, problem) =
            house.send("doctor", "POST", &path, Some(json!({ "text": "Hello" })), None).await;
        assert_eq!((status, &problem["code"]), (404, &json!("person_not_found")));
        let ana = house.person("ana").await;
        let path = format!("/v1/conversations/{ana}/messages");
        let (status, problem) = house.send("doctor", "POST", &path, Some(json!({})), None).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/text")));
    }
}
