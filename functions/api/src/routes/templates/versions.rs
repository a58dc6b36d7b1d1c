//! `GET /v1/templates/{id}/versions`

use audit::Who;
use axum::extract::State;
use edge::{Json, Page, Paging, Path, Problem, Query, Staff};
use kernel::{Channel, TemplateId, Timestamp};
use platform::Platform;
use serde::Serialize;
use templates::{Content, TemplateVersion};
use utoipa::ToSchema;

/// A saved state of a template; it never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "template": "tpl_01m8cz00000000000000000000",
    "number": 2,
    "at": "2026-11-22T08:05:00Z",
    "author": { "kind": "staff", "id": "usr_01m8cz00000000000000000000", "role": "clinic_admin" },
    "note": "shorter",
    "channels": ["SMS"]
}))]
pub(super) struct VersionView {
    #[schema(value_type = String)]
    template: TemplateId,
    /// Counted from 1.
    number: u32,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who saved it: `kind` is `staff` (with `id` and `role`) or `system` (with `name`).
    #[schema(value_type = Object)]
    author: Who,
    /// Why, in the author's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The channels it has a body for.
    #[schema(value_type = Vec<String>)]
    channels: Vec<Channel>,
    /// What it says; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(super) content: Option<Content>,
}

impl VersionView {
    pub(super) fn of(version: TemplateVersion) -> Self {
        Self {
            template: version.template,
            number: version.number,
            at: version.at,
            author: version.author,
            note: version.note,
            channels: version.content.channels(),
            content: Some(version.content),
        }
    }
}

/// The versions of a template, newest first
#[utoipa::path(
    get,
    path = "/v1/templates/{id}/versions",
    operation_id = "list_template_versions",
    tag = "templates",
    params(
        ("id" = String, Path, description = "The template.", example = "tpl_01m8cz00000000000000000000"),
        Paging
    ),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "A page of versions.", body = Page<VersionView>)),
)]
pub(super) async fn versions(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<TemplateId>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<VersionView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    templates::get(&table, id).await?;
    let page = templates::versions(&table, id, paging.limit, paging.cursor.as_ref()).await?;
    Ok(Json(Page::of(page, |version| VersionView { content: None, ..VersionView::of(version) })))
}

#[cfg(test)]
mod tests {
    use super::super::create::tests::{created, template};
    use crate::testing::House;
    use kernel::TemplateId;
    use serde_json::json;

    /// C-02
    #[tokio::test]
    async fn versions_are_listed_newest_first_with_who_and_why() {
        let house = House::new().await;
        let made = created(&house, template("Day before", "One")).await;
        let path = format!("/v1/templates/{}", made["id"].as_str().unwrap());
        for (version, text) in [("1", "Two"), ("2", "Three")] {
            let body = json!({ "content": template("", text)["content"], "note": text });
            let (status, _) = house.send("clinic_admin", "PUT", &path, Some(body), Some(version)).await;
            assert_eq!(status, 200);
        }
        let page = house.get("doctor", &format!("{path}/versions?limit=2")).await;
        let numbers: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| &item["number"]).collect();
        assert_eq!(numbers, [&json!(3), &json!(2)]);
        assert_eq!(page["items"][0]["author"]["id"], House::caller("clinic_admin").to_string());
        assert_eq!(page["items"][0]["note"], "Three");
        let rest = format!("{path}/versions?limit=2&cursor={}", page["next"].as_str().unwrap());
        assert_eq!(house.get("doctor", &rest).await["items"][0]["number"], 1);
        let nobody = format!("/v1/templates/{}/versions", TemplateId::LAST);
        assert_eq!(house.send("doctor", "GET", &nobody, None, None).await.0, 404);
        assert_eq!(house.send("doctor", "GET", &format!("{path}/versions/4"), None, None).await.0, 404);
    }
}
