//! `POST /v1/templates/{id}/preview`

use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::{AppointmentId, Language, PersonId, TemplateId};
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    preview_draft::{Filling, Previewed, sample, shown},
    recipient::Recipient,
};
use crate::words;

/// Which version to look at, and what to fill it with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "number": 2, "values": { "patient.first_name": "Ana" }, "language": "es" }))]
pub(super) struct PreviewTemplate {
    /// The version, counted from 1; the newest if absent.
    number: Option<u32>,
    /// What to fill it with.
    #[serde(default)]
    sample: Filling,
    /// Values by the path of their variable; not with `FULL`.
    #[serde(default)]
    #[schema(value_type = Object)]
    values: serde_json::Map<String, serde_json::Value>,
    /// The person to fill it for, with what is known of them; what is missing shows as missing. Not with `FULL`.
    #[schema(value_type = Option<words::PersonId>)]
    person: Option<PersonId>,
    /// Their visit; the next one if absent.
    #[schema(value_type = Option<words::AppointmentId>)]
    appointment: Option<AppointmentId>,
    /// The language of the recipient; theirs or the template's default if absent.
    #[schema(value_type = Option<words::Language>)]
    language: Option<Language>,
}

/// Look at a saved template as recipients would get it
#[utoipa::path(
    post,
    path = "/v1/templates/{id}/preview",
    operation_id = "preview_template",
    tag = "templates",
    params(("id" = String, Path, description = "The template.", example = "tpl_01m8cz00000000000000000000")),
    request_body = PreviewTemplate,
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The text for each channel.", body = Previewed)),
)]
pub(super) async fn preview(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<TemplateId>,
    Json(asked): Json<PreviewTemplate>,
) -> Result<Json<Previewed>, Problem> {
    let sample = sample(asked.sample, &asked.values)?;
    let table = platform.table.of(staff.clinic);
    let kept = templates::get(&table, id).await?;
    let version = templates::version(&table, id, asked.number.unwrap_or(kept.latest)).await?;
    let ceilings = templates::ceilings(&table).await?;
    let recipient =
        Recipient { person: asked.person, appointment: asked.appointment, category: kept.category };
    let (sample, theirs) = recipient.fill(&platform, &staff, &version.content, sample).await?;
    shown(&version.content, &ceilings, asked.language.or(theirs).as_ref(), sample).map(Json)
}

#[cfg(test)]
mod tests {
    use super::super::create::tests::{created, template};
    use crate::testing::House;
    use serde_json::json;

    /// C-04, A-34
    #[tokio::test]
    async fn a_saved_template_is_shown_in_the_recipients_language() {
        let house = House::new().await;
        let mut body = template("Day before", "Hi {{firstName}}, see you {{appointmentDate}}");
        body["content"]["languages"]["es"] = json!({ "sms": "Hola {{firstName}}" });
        let made = created(&house, body).await;
        let path = format!("/v1/templates/{}/preview", made["id"].as_str().unwrap());
        let show = async |body| house.send("read_only", "POST", &path, Some(body), None).await;
        let asked = json!({ "language": "es-MX", "values": { "firstName": "Lu" } });
        let (status, shown) = show(asked).await;
        assert_eq!((status, &shown["previews"][0]["text"]), (200, &json!("Hola Lu")));
        let (_, shown) = show(json!({ "language": "fr" })).await;
        assert_eq!(shown["previews"][0]["language_missing"], true);
        let lower = json!({ "ceilings": { "SMS": "DEMOGRAPHIC" } });
        let at = "/v1/settings/channel-ceilings";
        assert_eq!(house.send("clinic_admin", "PUT", at, Some(lower), Some("0")).await.0, 200);
        let (_, shown) = show(json!({})).await;
        assert_eq!(shown["previews"][0]["held_back"], json!(["appointment.date"]));
        assert_eq!(show(json!({ "number": 2 })).await.0, 404);
    }
}
