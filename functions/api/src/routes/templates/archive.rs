//! `DELETE /v1/templates/{id}`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Path, Problem, Staff, Versioned};
use kernel::TemplateId;
use platform::Platform;

use super::view::{TemplateView, problem};

/// Put a template away
///
/// Its name is free again; its versions stay readable for the messages that were made from them. Doing it again
/// changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/templates/{id}",
    operation_id = "archive_template",
    tag = "templates",
    params(
        ("id" = String, Path, description = "The template.", example = "tpl_01m8cz00000000000000000000"),
        IfMatchHeader
    ),
    extensions(("x-access" = json!("messaging:full and permission comms:manage_templates"))),
    responses((status = 200, description = "The template, put away.", body = TemplateView)),
)]
pub(super) async fn archive(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<TemplateId>,
    IfMatch(version): IfMatch,
) -> Result<Versioned<TemplateView>, Problem> {
    let table = platform.table.of(staff.clinic);
    match templates::archive(&table, &staff.actor(), id, version).await {
        Ok(kept) => Ok(TemplateView::whole(&table, &kept).await?.versioned()),
        Err(fault) => Err(problem(&table, Some(id), fault).await),
    }
}

#[cfg(test)]
mod tests {
    use super::super::create::tests::{created, template};
    use crate::testing::House;
    use serde_json::json;

    /// C-01, C-02
    #[tokio::test]
    async fn what_is_put_away_frees_its_name_and_stays_readable() {
        let house = House::new().await;
        let made = created(&house, template("Day before", "One")).await;
        let path = format!("/v1/templates/{}", made["id"].as_str().unwrap());
        let away = async |version| house.send("clinic_admin", "DELETE", &path, None, Some(version)).await;
        assert_eq!(away("7").await.1["current"]["version"], 1);
        let (status, gone) = away("1").await;
        assert_eq!((status, gone["archived_at"].is_string()), (200, true));
        assert_eq!(away("1").await.0, 200);
        created(&house, template("Day before", "Two")).await;
        let old = house.get("read_only", &format!("{path}/versions/1")).await;
        assert_eq!(old["content"]["languages"]["en"]["sms"], "One");
        let body = Some(json!({ "name": "Back" }));
        let (status, problem) = house.send("clinic_admin", "PATCH", &path, body, Some("2")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("template_archived")));
        let listed = house.get("read_only", "/v1/templates?archived=true").await;
        assert_eq!(listed["items"][0]["id"], made["id"]);
    }
}
