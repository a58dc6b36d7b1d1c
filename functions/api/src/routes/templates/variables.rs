//! `GET /v1/template-variables`

use axum::extract::State;
use edge::{Json, Problem, Query, Staff};
use kernel::{Category, Channel};
use platform::Platform;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::words;

/// Where the variable is to stand.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// The channel of the text.
    #[param(value_type = words::Channel, inline, example = "SMS")]
    channel: Channel,
    /// The category of the template.
    #[param(value_type = words::Category, inline, example = "APPOINTMENT")]
    category: Category,
}

/// Something a template can say about a patient, a visit or the clinic.
#[derive(Debug, Serialize, ToSchema)]
struct VariableView {
    /// What stands between the braces.
    path: &'static str,
    /// What staff read in the menu.
    label: &'static str,
    /// `text`, `name`, `date_time`, `date`, `time`, `money`, `link` or `phone`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// How much it gives away: `NONE`, `DEMOGRAPHIC`, `APPOINTMENT`, `FINANCIAL` or `CLINICAL`.
    class: &'static str,
    /// The room its value has on this channel, in units of a text message.
    room: usize,
    /// A value as most are.
    #[schema(value_type = serde_json::Value)]
    sample: &'static serde_json::Value,
}

/// The variables to choose from, in the order of the menu.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "items": [{
        "path": "patient.first_name",
        "label": "Patient's first name",
        "type": "text",
        "class": "DEMOGRAPHIC",
        "room": 20,
        "sample": "Ana"
    }]
}))]
pub(super) struct Offered {
    items: Vec<VariableView>,
}

/// The variables a template may say on a channel
///
/// Those that the channel and the category allow, under the ceilings of this clinic.
#[utoipa::path(
    get,
    path = "/v1/template-variables",
    operation_id = "list_template_variables",
    tag = "templates",
    params(Place),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "All of them; there is a bounded number.", body = Offered)),
)]
pub(super) async fn variables(
    State(platform): State<Platform>,
    staff: Staff,
    Query(Place { channel, category }): Query<Place>,
) -> Result<Json<Offered>, Problem> {
    let ceilings = templates::ceilings(&platform.table.of(staff.clinic)).await?;
    let items = templates::variables().offered(channel, category, &ceilings).map(|variable| VariableView {
        path: &variable.path,
        label: &variable.label,
        kind: variable.kind.name(),
        class: variable.class.name(),
        room: variable.budget(channel),
        sample: &variable.typical,
    });
    Ok(Json(Offered { items: items.collect() }))
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use serde_json::json;

    /// C-09, A-34
    #[tokio::test]
    async fn what_is_offered_depends_on_channel_category_and_ceiling() {
        let house = House::new().await;
        let offered = async |channel: &str, category: &str| -> Vec<String> {
            let path = format!("/v1/template-variables?channel={channel}&category={category}");
            let all = house.get("read_only", &path).await;
            let items = all["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["path"].as_str().unwrap().to_owned()).collect()
        };
        let has = |all: &[String], path: &str| all.iter().any(|each| each == path);
        let text = offered("SMS", "APPOINTMENT").await;
        assert!(has(&text, "appointment.date_time") && !has(&text, "treatment.diagnosis"));
        assert!(has(&offered("EMAIL", "BILLING").await, "invoice.total"));
        let lower = json!({ "ceilings": { "SMS": "DEMOGRAPHIC" } });
        let at = "/v1/settings/channel-ceilings";
        assert_eq!(house.send("clinic_admin", "PUT", at, Some(lower), Some("0")).await.0, 200);
        assert!(!has(&offered("SMS", "APPOINTMENT").await, "appointment.date_time"));
        let (status, problem) = house.send("read_only", "GET", "/v1/template-variables", None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("channel")));
    }
}
