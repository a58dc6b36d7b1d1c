//! `PATCH /v1/templates/{id}`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use kernel::{Category, TemplateId};
use platform::Platform;
use serde::Deserialize;
use templates::Description;
use utoipa::ToSchema;

use super::view::{TemplateView, problem};
use crate::words;

/// What is to be different; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "The day before", "active": false }))]
pub(super) struct DescribeTemplate {
    /// 1 to 100 characters; unique among the templates in use.
    name: Option<String>,
    /// At most 500 characters.
    description: Option<String>,
    /// What its messages are about. The next message from it already needs the consent of the new category.
    #[schema(value_type = Option<words::Category>)]
    category: Option<Category>,
    /// At most 20 of 1 to 40 characters.
    tags: Option<Vec<String>>,
    /// Whether it can be newly used.
    active: Option<bool>,
}

/// Rename or describe a template
///
/// What it says stays, and so does its id.
#[utoipa::path(
    patch,
    path = "/v1/templates/{id}",
    operation_id = "describe_template",
    tag = "templates",
    params(
        ("id" = String, Path, description = "The template.", example = "tpl_01m8cz00000000000000000000"),
        IfMatchHeader
    ),
    request_body = DescribeTemplate,
    extensions(("x-access" = json!("permission comms:manage_templates"))),
    responses((status = 200, description = "The template as it is now.", body = TemplateView)),
)]
pub(super) async fn describe(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<TemplateId>,
    IfMatch(version): IfMatch,
    Json(to): Json<DescribeTemplate>,
) -> Result<Versioned<TemplateView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let to = Description {
        name: to.name,
        description: to.description,
        category: to.category,
        tags: to.tags,
        active: to.active,
    };
    match templates::describe(&table, &staff.actor(), id, version, to).await {
        Ok(kept) => Ok(TemplateView::whole(&table, &kept).await?.versioned()),
        Err(fault) => Err(problem(&table, Some(id), fault).await),
    }
}

#[cfg(test)]
mod tests {
    use super::super::create::tests::{created, template};
    use crate::testing::House;
    use serde_json::json;

    /// C-01
    #[tokio::test]
    async fn a_renamed_template_keeps_its_id_and_what_it_says() {
        let house = House::new().await;
        let made = created(&house, template("Day before", "One")).await;
        let path = format!("/v1/templates/{}", made["id"].as_str().unwrap());
        let to = json!({ "name": "Evening", "category": "GENERAL", "active": false });
        let (status, now) = house.send("clinic_admin", "PATCH", &path, Some(to), Some("1")).await;
        assert_eq!((status, &now["name"], &now["active"]), (200, &json!("Evening"), &json!(false)));
        assert_eq!((&now["id"], &now["content"], &now["latest"]), (&made["id"], &made["content"], &json!(1)));
        let log = house.get("clinic_admin", "/v1/audit").await;
        assert_eq!(log["items"][0]["action"], "template.described");
        let again = json!({ "name": "Night" });
        let (status, problem) = house.send("clinic_admin", "PATCH", &path, Some(again), Some("1")).await;
        assert_eq!((status, &problem["current"]["name"]), (409, &json!("Evening")));
    }

    #[tokio::test]
    async fn a_name_that_is_taken_and_tags_that_are_too_long_are_refused() {
        let house = House::new().await;
        created(&house, template("Alpha", "One")).await;
        let made = created(&house, template("Bravo", "One")).await;
        let path = format!("/v1/templates/{}", made["id"].as_str().unwrap());
        let (status, problem) =
            house.send("clinic_admin", "PATCH", &path, Some(json!({ "name": "alpha" })), Some("1")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("template_name_taken")));
        let tags = json!({ "tags": ["fine", "t".repeat(41)] });
        let (status, problem) = house.send("clinic_admin", "PATCH", &path, Some(tags), Some("1")).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/tags/1")));
    }
}
