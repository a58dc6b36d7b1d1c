//! `POST /v1/messages`

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use edge::{Idempotency, IdempotencyHeader, Json, Problem, Staff};
use kernel::{AppointmentId, Category, Detail, Kind, Masked, PersonId, TemplateId, Timestamp};
use messaging::{About, CreateFault, Draft, Source};
use people::Appointment;
use platform::Platform;
use serde::Deserialize;
use table::{ClinicTable, keys::AppointmentKey};
use utoipa::ToSchema;

use super::{
    compose::{Way, Words, category},
    view::Accepted,
};
use crate::words;

/// A message to one person: a template with its variables, or a text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "person": "per_01m8cz00000000000000000000",
    "channel": "SMS",
    "category": "GENERAL",
    "text": "Your parking permit is at the desk.",
    "send_at": "2026-11-23T15:00:00Z"
}))]
pub(super) struct CreateMessage {
    /// Whom it concerns; a child is written to through who answers for them.
    #[schema(value_type = words::PersonId)]
    person: PersonId,
    /// Which way.
    #[serde(default)]
    channel: Way,
    /// `APPOINTMENT`, `TREATMENT`, `BILLING`, `MARKETING`, `GENERAL`, `SURVEY`, `EDUCATION` or `CRM`; that of the
    /// template unless told.
    #[schema(value_type = Option<words::Category>)]
    category: Option<Category>,
    #[schema(value_type = Option<words::TemplateId>)]
    template: Option<TemplateId>,
    /// The newest unless told.
    template_version: Option<u32>,
    /// Values for the template's variables, by path; those of the person, the visit and the clinic are known.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    variables: BTreeMap<String, Masked<String>>,
    /// For e-mail.
    #[schema(value_type = Option<String>)]
    subject: Option<Masked<String>>,
    /// At most 1600 characters.
    #[schema(value_type = Option<String>)]
    text: Option<Masked<String>>,
    /// The visit it speaks of: it goes out only while the visit is as it is now.
    #[schema(value_type = Option<words::AppointmentId>)]
    appointment: Option<AppointmentId>,
    /// When; at once unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    send_at: Option<Timestamp>,
    /// Send it by itself, even to somebody who wants such messages daily or weekly. What is about visits and care
    /// always is.
    #[serde(default)]
    urgent: bool,
    /// When it would be useless.
    #[schema(value_type = Option<String>, format = DateTime)]
    not_after: Option<Timestamp>,
}

/// Write to one person
///
/// The message is queued; whether and when it goes out is for the rules of consent and hours to say, and they
/// are asked directly before it is sent. To somebody who wants such messages daily or weekly it goes as a `piece`
/// of the message that collects them.
#[utoipa::path(
    post,
    path = "/v1/messages",
    operation_id = "create_message",
    tag = "messages",
    params(IdempotencyHeader),
    request_body = CreateMessage,
    extensions(("x-access" = json!("messaging:send and permission comms:send_message"))),
    responses(
        (status = 202, description = "It will go out, if nothing speaks against it.", body = Accepted,
            headers(("Location" = String, description = "The message."))),
    ),
)]
pub(super) async fn create(
    State(platform): State<Platform>,
    staff: Staff,
    ids: Idempotency,
    Json(wanted): Json<CreateMessage>,
) -> Result<impl IntoResponse, Problem> {
    let table = platform.table.of(staff.clinic);
    let now = platform.clock.now();
    // A run that was broken off and begins again may come after the time that was ahead the first time.
    if wanted.send_at.is_some_and(|at| at <= now) && !ids.is_again() {
        return Err(CreateFault::Past.into());
    }
    let words = Words {
        template: wanted.template,
        template_version: wanted.template_version,
        variables: wanted.variables,
        subject: wanted.subject,
        text: wanted.text,
    };
    let (body, template) = words.body(&table, wanted.channel).await?;
    let draft = Draft {
        id: ids.id("message"),
        person: wanted.person,
        route: wanted.channel.route(),
        category: category(wanted.category, template.as_ref(), None)?,
        body,
        send_at: wanted.send_at.unwrap_or(now),
        not_after: wanted.not_after,
        about: match wanted.appointment {
            Some(id) => Some(about(&table, wanted.person, id).await?),
            None => None,
        },
        asks: None,
        source: Source::Staff { by: staff.id.to_string() },
        resend_of: None,
    };
    let (id, actor) = (draft.id, staff.actor());
    let message = if wanted.urgent {
        messaging::create(&platform, &table, &actor, draft).await?
    } else {
        messaging::send_or_collect(&platform, &table, &actor, draft).await?
    };
    let place = format!("/v1/messages/{}", message.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(Accepted::of(&message, id))))
}

async fn about(table: &ClinicTable, person: PersonId, id: AppointmentId) -> Result<About, Problem> {
    let visit = table.get::<Appointment>(&AppointmentKey { appointment: id }).await?;
    let visit =
        visit.filter(|visit| visit.person == person && visit.deleted_at.is_none()).ok_or_else(|| {
            Problem::new(Kind::NotFound, "appointment_not_found", format!("{person} has no appointment {id}"))
                .at([Detail::new("/appointment", "give the id of an appointment of this person")])
        })?;
    Ok(About {
        appointment: id,
        generation: visit.generation,
        statuses: Vec::new(),
        out_of_reach: true,
        unless_confirmed: false,
    })
}

#[cfg(test)]
mod tests {
    use kernel::{Id as _, PersonId};
    use rstest::rstest;
    use serde_json::{Value, json};

    use crate::testing::House;

    async fn post(house: &House, body: Value) -> (u16, Value) {
        house.send("front_desk", "POST", "/v1/messages", Some(body), None).await
    }

    ///
    #[tokio::test]
    async fn a_message_is_queued_and_can_be_looked_at() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let (status, made) = post(
            &house,
            json!({ "person": ana, "channel": "SMS", "category": "GENERAL", "text": "Your permit is here." }),
        )
        .await;
        assert_eq!((status, &made["status"]), (202, &json!("QUEUED")));
        let message =
            house.get("front_desk", &format!("/v1/messages/{}", made["id"].as_str().unwrap())).await;
        assert_eq!(message["text"], "Your permit is here.");
        assert_eq!(message["source"]["by"], House::caller("front_desk").to_string());
        assert_eq!(message["route"], json!(["SMS"]));
        let log = house.get("clinic_admin", &format!("/v1/audit?patient={ana}")).await;
        let actions: Vec<_> =
            log["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["message.viewed", "message.created"]);
    }

    ///
    #[tokio::test]
    async fn a_time_ahead_schedules_and_one_that_has_passed_is_refused() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let at = |at: &str| json!({ "person": ana, "category": "GENERAL", "text": "Hello", "send_at": at });
        let (status, made) = post(&house, at("2026-11-25T15:00:00Z")).await;
        assert_eq!((status, &made["status"]), (202, &json!("SCHEDULED")));
        let (status, problem) = post(&house, at("2026-11-21T15:00:00Z")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("send_at_past")));
        assert_eq!(problem["errors"][0]["pointer"], "/send_at");
    }

    /// A-01, Z-11
    #[tokio::test]
    async fn the_same_create_twice_makes_one_message() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let body = json!({ "person": ana, "category": "GENERAL", "text": "Once" });
        let first = house.create("front_desk", "/v1/messages", "key-1", &body).await;
        let second = house.create("front_desk", "/v1/messages", "key-1", &body).await;
        assert_eq!((first.0, &first.1), (202, &second.1));
        let thread = house.get("front_desk", &format!("/v1/people/{ana}/messages")).await;
        assert_eq!(thread["items"].as_array().unwrap().len(), 1);
        let other = json!({ "person": ana, "category": "GENERAL", "text": "Twice" });
        let (status, problem) = house.create("front_desk", "/v1/messages", "key-1", &other).await;
        assert_eq!((status, &problem["code"]), (409, &json!("idempotency_key_reused")));
    }

    ///
    #[rstest]
    #[case(json!({ "category": "GENERAL" }), 422, "message_empty", "/text")]
    #[case(json!({ "category": "GENERAL", "text": "  " }), 422, "message_empty", "/text")]
    #[case(json!({ "text": "Hello" }), 422, "category_missing", "/category")]
    #[case(json!({ "text": "Hello", "category": "GENERAL", "channel": "FAX" }), 422, "body_invalid", "/channel")]
    #[case(json!({ "text": "Hello", "category": "GENERAL", "colour": 1 }), 422, "body_invalid", "/colour")]
    #[case(json!({ "template": "tpl_00000000000000000000000001" }), 404, "template_not_found", "/template")]
    #[case(
        json!({ "text": "Hello", "category": "GENERAL", "appointment": "apt_00000000000000000000000001" }),
        404,
        "appointment_not_found",
        "/appointment"
    )]
    #[case(
        json!({ "text": "Hello", "category": "GENERAL", "not_after": "2026-11-20T00:00:00Z" }),
        422,
        "not_after_before_send_at",
        "/not_after"
    )]
    #[tokio::test]
    async fn what_cannot_be_a_message_is_told_by_field(
        #[case] mut body: Value,
        #[case] status: u16,
        #[case] code: &str,
        #[case] at: &str,
    ) {
        let house = House::new().await;
        body["person"] = json!(house.person("ana").await);
        let (found, problem) = post(&house, body).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], at);
    }

    ///
    #[tokio::test]
    async fn somebody_of_another_clinic_is_nobody_here() {
        let house = House::new().await;
        let stranger = PersonId::derived(&["elsewhere"]);
        let (status, problem) =
            post(&house, json!({ "person": stranger, "category": "GENERAL", "text": "Hello" })).await;
        assert_eq!((status, &problem["code"]), (404, &json!("person_not_found")));
        assert_eq!(problem["errors"][0]["pointer"], "/person");
    }

    ///
    #[tokio::test]
    async fn a_template_says_what_the_message_is_about() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let template = house.template("Hello {{patient.name}}").await;
        let (status, made) = post(&house, json!({ "person": ana, "template": template })).await;
        assert_eq!(status, 202, "{made}");
        let path = format!("/v1/messages/{}", made["id"].as_str().unwrap());
        let message = house.get("front_desk", &path).await;
        assert_eq!(message["category"], "GENERAL");
        assert_eq!(message["template"]["version"], 1);
        let body = json!({ "person": ana, "template": template, "category": "MARKETING" });
        let (status, problem) = post(&house, body).await;
        assert_eq!((status, &problem["code"]), (422, &json!("category_of_template")));
        let body = json!({ "person": ana, "template": template, "variables": { "nobody": "x" } });
        let (status, problem) = post(&house, body).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/variables/nobody")));
    }

    /// P-02
    #[tokio::test]
    async fn who_only_looks_on_writes_to_nobody() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let body = json!({ "person": ana, "category": "GENERAL", "text": "Hello" });
        let (status, problem) = house.send("read_only", "POST", "/v1/messages", Some(body), None).await;
        assert_eq!((status, &problem["code"]), (403, &json!("not_allowed")));
    }
}
