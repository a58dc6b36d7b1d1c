//! `GET /v1/templates`

use axum::extract::State;
use edge::{Json, Page, Problem, Query, Staff};
use kernel::{Category, Channel, Cursor, Limit};
use platform::Platform;
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::TemplateView;
use crate::words;

/// Which templates; all conditions hold together.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Of this category.
    #[param(value_type = words::Category, inline, required = false, example = "APPOINTMENT")]
    category: Option<Category>,
    /// With this tag.
    tag: Option<String>,
    /// With a body for this channel.
    #[param(value_type = words::Channel, inline, required = false, example = "SMS")]
    channel: Option<Channel>,
    /// With these letters in name, description or a tag, whatever their case.
    q: Option<String>,
    /// Those put away instead of those in use.
    #[serde(default)]
    archived: bool,
    /// How many rows, 1 to 100.
    #[serde(default, deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// Templates by name
///
/// A page may be short, even empty, and still have a `next`. What a template says is shown one by one.
#[utoipa::path(
    get,
    path = "/v1/templates",
    operation_id = "list_templates",
    tag = "templates",
    params(Filter),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "A page of templates.", body = Page<TemplateView>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<TemplateView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let wanted = templates::Filter {
        category: filter.category,
        channel: filter.channel,
        tag: filter.tag,
        search: filter.q,
        archived: filter.archived,
    };
    let page = templates::list(&table, &wanted, filter.limit, filter.cursor.as_ref()).await?;
    Ok(Json(Page::of(page, |kept| TemplateView::of(&kept))))
}

#[cfg(test)]
mod tests {
    use super::super::create::tests::{created, template};
    use crate::testing::House;
    use serde_json::json;

    /// C-06
    #[tokio::test]
    async fn templates_are_found_by_category_tag_channel_and_letters() {
        let house = House::new().await;
        created(&house, template("Alpha", "Hi")).await;
        let mut bill = template("Bravo bill", "Hi");
        bill["category"] = json!("BILLING");
        bill["tags"] = json!(["money"]);
        let mail = json!({ "email": { "subject": "Your bill", "text": "Hi" } });
        bill["content"]["languages"] = json!({ "en": mail });
        created(&house, bill).await;
        let names = async |query: &str| -> Vec<String> {
            let page = house.get("read_only", &format!("/v1/templates{query}")).await;
            let items = page["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("").await, ["Alpha", "Bravo bill"]);
        assert_eq!(names("?category=BILLING").await, ["Bravo bill"]);
        assert_eq!(names("?tag=visit").await, ["Alpha"]);
        assert_eq!(names("?channel=EMAIL").await, ["Bravo bill"]);
        assert_eq!(names("?q=BILL").await, ["Bravo bill"]);
        assert_eq!(names("?q=bill&channel=SMS").await, [""; 0]);
        assert_eq!(names("?archived=true").await, [""; 0]);
    }

    #[tokio::test]
    async fn a_list_goes_on_at_its_cursor() {
        let house = House::new().await;
        for name in ["Alpha", "Bravo", "Charlie"] {
            created(&house, template(name, "Hi")).await;
        }
        let first = house.get("read_only", "/v1/templates?limit=2").await;
        assert_eq!(first["items"].as_array().unwrap().len(), 2);
        let next = first["next"].as_str().unwrap();
        let second = house.get("read_only", &format!("/v1/templates?limit=2&cursor={next}")).await;
        assert_eq!(second["items"][0]["name"], "Charlie");
        assert!(second["next"].is_null() && second["items"][0]["content"].is_null());
        let (status, problem) =
            house.send("read_only", "GET", "/v1/templates?category=GOSSIP", None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("category")));
    }
}
