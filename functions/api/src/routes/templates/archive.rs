//! `DELETE /v1/templates/{id}`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Path, Problem, Staff, Versioned};
use kernel::{Detail, Kind, TemplateId};
use platform::Platform;
use table::ClinicTable;

use super::view::{TemplateView, problem};

/// Whether a rule that is switched on sends with the template.
async fn refuse_if_used(table: &ClinicTable, id: TemplateId) -> Result<(), Problem> {
    let rules = automations::rules::list(table).await?;
    let users: Vec<_> = rules
        .iter()
        .filter(|rule| rule.enabled && rule.template == id)
        .map(|rule| Detail::new("rule", format!("{} sends with it", rule.id)))
        .collect();
    if users.is_empty() {
        return Ok(());
    }
    let says = "rules send with this template; give them another one or switch them off first";
    Err(Problem::new(Kind::Conflict, "template_in_use", says).at(users))
}

/// Put a template away
///
/// Its name is free again; its versions stay readable for the messages that were made from them. Doing it again
/// changes nothing. A template that a rule sends with is in use, and stays.
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
    templates::get(&table, id).await?;
    refuse_if_used(&table, id).await?;
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

    /// C-13
    #[tokio::test]
    async fn a_template_that_a_rule_sends_with_stays() {
        let house = House::new().await;
        let made = created(&house, template("Day before", "Hi, see you {{appointmentDate}}")).await;
        let (table, id) = (house.platform.table.of(house.clinic), made["id"].clone());
        let draft = json!({
            "name": "The day before",
            "timing": { "kind": "BEFORE", "amount": 1, "unit": "DAYS", "at": "10:00" },
            "channels": { "FIRST_OF": ["SMS"] },
            "template": id,
        });
        let draft: automations::rules::RuleDraft = serde_json::from_value(draft).unwrap();
        let actor = audit::Actor::system("test");
        let rule = automations::rules::create(&table, &actor, &draft).await.unwrap();
        let path = format!("/v1/templates/{}", id.as_str().unwrap());
        let (status, problem) = house.send("clinic_admin", "DELETE", &path, None, Some("1")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("template_in_use")));
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(&rule.id.to_string()));
        automations::rules::switch(&table, &actor, rule.id, None, false).await.unwrap();
        assert_eq!(house.send("clinic_admin", "DELETE", &path, None, Some("1")).await.0, 200);
    }

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
