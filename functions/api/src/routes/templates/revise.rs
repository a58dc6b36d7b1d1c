//! `PUT /v1/templates/{id}`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use kernel::TemplateId;
use platform::Platform;
use serde::Deserialize;
use templates::Draft;
use utoipa::ToSchema;

use super::view::{TemplateView, problem};

/// The next version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "content": {
        "languages": { "en": { "sms": "Hi {{patient.first_name}}, see you {{appointment.date_time}}." } },
        "profile": { "kind": "SEGMENTS" }
    },
    "note": "shorter"
}))]
pub(super) struct ReviseTemplate {
    /// What it says; takes the place of the version before as a whole.
    #[schema(value_type = Object)]
    content: Draft,
    /// Why, at most 500 characters.
    note: Option<String>,
}

/// Save the next version of a template
///
/// The versions before stay as they are, and so do messages that were made from them. Rules that follow the newest
/// version plan the visits ahead with it.
#[utoipa::path(
    put,
    path = "/v1/templates/{id}",
    operation_id = "revise_template",
    tag = "templates",
    params(
        ("id" = String, Path, description = "The template.", example = "tpl_01m8cz00000000000000000000"),
        IfMatchHeader
    ),
    request_body = ReviseTemplate,
    extensions(("x-access" = json!("permission comms:manage_templates"))),
    responses((status = 200, description = "The template with its new version.", body = TemplateView)),
)]
pub(super) async fn revise(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<TemplateId>,
    IfMatch(version): IfMatch,
    Json(new): Json<ReviseTemplate>,
) -> Result<Versioned<TemplateView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let note = new.note.as_deref();
    match templates::revise(&table, &staff.actor(), id, version, new.content, note).await {
        Ok(kept) => {
            automations::rules::template_revised(&table, id).await?;
            Ok(TemplateView::whole(&table, &kept).await?.versioned())
        }
        Err(fault) => Err(problem(&table, Some(id), fault).await),
    }
}

#[cfg(test)]
mod tests {
    use super::super::create::tests::{created, template};
    use crate::testing::House;
    use serde_json::{Value, json};

    fn next(text: &str) -> Value {
        json!({ "content": template("", text)["content"], "note": "shorter" })
    }

    /// C-02
    #[tokio::test]
    async fn of_two_saves_at_once_one_is_refused_with_what_there_is_now() {
        let house = House::new().await;
        let made = created(&house, template("Day before", "One")).await;
        let path = format!("/v1/templates/{}", made["id"].as_str().unwrap());
        let save =
            async |text: &str| house.send("clinic_admin", "PUT", &path, Some(next(text)), Some("1")).await;
        let (status, saved) = save("Two").await;
        assert_eq!((status, &saved["latest"], &saved["version"]), (200, &json!(2), &json!(2)));
        let (status, problem) = save("Three").await;
        assert_eq!((status, &problem["code"]), (409, &json!("version_is_stale")));
        assert_eq!(problem["current"]["content"]["languages"]["en"]["sms"], "Two");
        let first = house.get("read_only", &format!("{path}/versions/1")).await;
        assert_eq!(first["content"]["languages"]["en"]["sms"], "One");
    }

    /// C-18
    #[tokio::test]
    async fn rules_that_follow_the_newest_version_are_carried_into_the_plans() {
        let house = House::new().await;
        let table = house.platform.table.of(house.clinic);
        let made = created(&house, template("Day before", "One {{appointmentDate}}")).await;
        let draft = json!({
            "name": "The day before",
            "timing": { "kind": "BEFORE", "amount": 1, "unit": "DAYS" },
            "channels": { "FIRST_OF": ["SMS"] },
            "template": made["id"],
            "follow_latest": true,
        });
        let draft: automations::rules::RuleDraft = serde_json::from_value(draft).unwrap();
        automations::rules::create(&table, &audit::Actor::system("test"), &draft).await.unwrap();
        let waiting = async || {
            let sweep = house.platform.table.shared().sweep(house.platform.clock.now()).await.unwrap();
            sweep.fresh.len()
        };
        let before = waiting().await;
        let path = format!("/v1/templates/{}", made["id"].as_str().unwrap());
        let body = Some(next("Two {{appointmentDate}}"));
        assert_eq!(house.send("clinic_admin", "PUT", &path, body, Some("1")).await.0, 200);
        assert_eq!(waiting().await, before + 1);
    }

    #[tokio::test]
    async fn a_save_names_its_version_and_reads() {
        let house = House::new().await;
        let made = created(&house, template("Day before", "One")).await;
        let path = format!("/v1/templates/{}", made["id"].as_str().unwrap());
        let (status, problem) = house.send("clinic_admin", "PUT", &path, Some(next("Two")), None).await;
        assert_eq!((status, &problem["code"]), (422, &json!("version_required")));
        let body = Some(next("{{broken"));
        let (status, problem) = house.send("clinic_admin", "PUT", &path, body, Some("1")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("braces_unclosed")));
        assert_eq!(problem["errors"][0]["pointer"], "/content/languages/en/sms");
    }
}
