//! `POST /v1/templates`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use edge::{Idempotency, IdempotencyHeader, Json, Problem, Staff};
use kernel::{Category, TemplateId};
use platform::Platform;
use serde::Deserialize;
use templates::{Draft, NewTemplate};
use utoipa::ToSchema;

use super::view::{TemplateView, problem};
use crate::words;

/// A template to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Day before",
    "description": "The evening before a visit",
    "category": "APPOINTMENT",
    "tags": ["reminder"],
    "content": {
        "languages": { "en": { "sms": "see you soon!" } },
        "profile": { "kind": "SHORT_133", "elements": { "patient_name": true, "date_time": true } }
    }
}))]
pub(super) struct CreateTemplate {
    /// 1 to 100 characters; unique among the templates in use, whatever the letter case.
    name: String,
    /// At most 500 characters.
    #[serde(default)]
    description: String,
    /// What its messages are about: `APPOINTMENT`, `TREATMENT`, `BILLING`, `MARKETING`, `GENERAL`, `SURVEY`,
    /// `EDUCATION` or `CRM`.
    #[schema(value_type = words::Category)]
    category: Category,
    /// At most 20 of 1 to 40 characters.
    #[serde(default)]
    tags: Vec<String>,
    /// What it says: `languages` with bodies per channel (`sms`, `email`, `push`, `in_app`, `voice`, `whatsapp`),
    /// `profile` (`SHORT_133` with `elements`, or `SEGMENTS`), and if wanted `default_language`, `variables` and
    /// `fold_accents`.
    #[schema(value_type = Object)]
    content: Draft,
    /// A word about the first version, at most 500 characters.
    note: Option<String>,
}

/// Create a template
///
/// Its text becomes version 1. The text is checked first: variables are known and may go by their channel, HTML is
/// harmless, and a text message fits whatever the values.
#[utoipa::path(
    post,
    path = "/v1/templates",
    operation_id = "create_template",
    tag = "templates",
    params(IdempotencyHeader),
    request_body = CreateTemplate,
    extensions(("x-access" = json!("permission comms:manage_templates"))),
    responses((status = 201, description = "The template.", body = TemplateView)),
)]
pub(super) async fn create(
    State(platform): State<Platform>,
    staff: Staff,
    ids: Idempotency,
    Json(new): Json<CreateTemplate>,
) -> Result<impl IntoResponse, Problem> {
    let table = platform.table.of(staff.clinic);
    let id: TemplateId = ids.id("template");
    let new = NewTemplate {
        name: new.name,
        description: new.description,
        category: new.category,
        tags: new.tags,
        draft: new.content,
        note: new.note,
    };
    let kept = match templates::create_with(&table, &staff.actor(), id, new).await {
        Ok(kept) => kept,
        Err(fault) => return Err(problem(&table, None, fault).await),
    };
    let view = TemplateView::whole(&table, &kept).await?;
    let location = [(header::LOCATION, format!("/v1/templates/{id}"))];
    Ok((StatusCode::CREATED, location, view.versioned()))
}

#[cfg(test)]
pub(super) mod tests {
    use crate::testing::House;
    use serde_json::{Value, json};

    pub(crate) fn template(name: &str, text: &str) -> Value {
        json!({
            "name": name,
            "category": "APPOINTMENT",
            "tags": ["Visit"],
            "content": { "languages": { "en": { "sms": text } }, "profile": { "kind": "SEGMENTS" } },
        })
    }

    pub(crate) async fn created(house: &House, body: Value) -> Value {
        let (status, made) = house.send("clinic_admin", "POST", "/v1/templates", Some(body), None).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    /// C-01, C-02, C-06
    #[tokio::test]
    async fn a_template_is_made_with_its_first_version() {
        let house = House::new().await;
        let made = created(&house, template("Day before", "Hi {{firstName}}")).await;
        assert_eq!((&made["version"], &made["latest"]), (&json!(1), &json!(1)));
        assert_eq!((&made["category"], &made["tags"]), (&json!("APPOINTMENT"), &json!(["visit"])));
        assert_eq!(made["content"]["languages"]["en"]["sms"], "Hi {{patient.first_name}}");
        let path = format!("/v1/templates/{}", made["id"].as_str().unwrap());
        assert_eq!(house.get("read_only", &path).await, made);
    }

    #[tokio::test]
    async fn the_same_create_sent_twice_makes_one_template() {
        let house = House::new().await;
        let body = template("Day before", "Hi");
        let send = async || house.create("clinic_admin", "/v1/templates", "key-1", &body).await;
        let (first, second) = (send().await, send().await);
        assert_eq!(first.0, 201);
        assert_eq!(first, second);
        let other = template("Day after", "Hi");
        let (status, problem) = house.create("clinic_admin", "/v1/templates", "key-1", &other).await;
        assert_eq!((status, &problem["code"]), (409, &json!("idempotency_key_reused")));
        let all = house.get("clinic_admin", "/v1/templates").await;
        assert_eq!(all["items"].as_array().unwrap().len(), 1);
    }

    /// C-01
    #[tokio::test]
    async fn a_name_in_use_is_a_conflict() {
        let house = House::new().await;
        created(&house, template("Day before", "Hi")).await;
        let body = template("day BEFORE", "Hi");
        let (status, problem) = house.send("clinic_admin", "POST", "/v1/templates", Some(body), None).await;
        assert_eq!((status, &problem["code"]), (409, &json!("template_name_taken")));
        assert_eq!(problem["errors"][0]["pointer"], "/name");
    }

    /// C-03, C-05, C-09
    #[tokio::test]
    async fn what_is_wrong_with_a_template_is_told_at_its_place() {
        let house = House::new().await;
        let refused = async |body: Value| {
            let (status, problem) =
                house.send("clinic_admin", "POST", "/v1/templates", Some(body), None).await;
            assert_eq!(status, 422, "{problem}");
            (problem["code"].clone(), problem["errors"][0]["pointer"].clone())
        };
        let found = refused(template("A", "Your {{shoeSize}}")).await;
        assert_eq!(found, (json!("variable_unknown"), json!("/content/languages/en/sms")));
        let mut body = template("A", "Hi {{firstName}}");
        body["content"]["variables"] = json!([{ "path": "clinic.name" }]);
        assert_eq!(refused(body).await.0, "variable_undeclared");
        assert_eq!(refused(template("A", &"a".repeat(1601))).await.0, "body_too_long");
        assert_eq!(refused(template(&"n".repeat(101), "Hi")).await.1, "/name");
        let mut body = template("A", "Hi");
        body["content"]["languages"]["en"]["fax"] = json!("Hi");
        assert_eq!(refused(body).await, (json!("body_invalid"), json!("/content/languages/en/fax")));
        let mut body = template("A", "Hi");
        body["category"] = json!("GOSSIP");
        assert_eq!(refused(body).await.1, "/category");
    }

    /// C-15, C-16, C-17
    #[tokio::test]
    async fn a_short_reminder_that_is_too_long_is_told_by_how_much() {
        let house = House::new().await;
        let short = |text: String| {
            let mut body = template("Short", &text);
            let all = json!({ "patient_name": true, "date_time": true, "doctor": true, "office": true });
            body["content"]["profile"] = json!({ "kind": "SHORT_133", "elements": all });
            body
        };
        let body = short("a".repeat(65));
        let (status, problem) = house.send("clinic_admin", "POST", "/v1/templates", Some(body), None).await;
        assert_eq!((status, &problem["code"]), (422, &json!("body_too_long")));
        // 65 are left by the values; a comma and four spaces join them.
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("remaining -"), "{problem}");
        let made = created(&house, short("a".repeat(40))).await;
        assert_eq!(made["content"]["proof"]["en"]["limit"], 133);
        assert_eq!(made["content"]["proof"]["en"]["remaining"], 65 - 5 - 40);
    }

    #[tokio::test]
    async fn templates_are_made_by_those_who_manage_them() {
        let house = House::new().await;
        let body = Some(template("A", "Hi"));
        let (status, problem) = house.send("front_desk", "POST", "/v1/templates", body, None).await;
        assert_eq!((status, &problem["code"]), (403, &json!("not_allowed")));
    }
}
