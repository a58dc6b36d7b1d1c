//! `PUT /v1/settings/channel-ceilings`

use std::collections::BTreeMap;

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Problem, Staff, Versioned};
use kernel::{Channel, Detail, Kind};
use platform::Platform;
use serde::Deserialize;
use templates::{Sensitivity, TemplateFault};
use utoipa::ToSchema;

use super::ceilings::CeilingsView;
use crate::words;

/// The ceilings from now on. A channel that is not named goes back to the product's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "ceilings": { "SMS": "CLINICAL" },
    "acknowledgement": "Our patients asked for it in writing. We know that texts can be read by others."
}))]
pub(super) struct SetCeilings {
    /// By channel: `NONE`, `DEMOGRAPHIC`, `APPOINTMENT`, `FINANCIAL` or `CLINICAL`.
    #[serde(deserialize_with = "edge::by_name")]
    #[schema(value_type = std::collections::HashMap<words::Channel, words::Sensitivity>)]
    ceilings: BTreeMap<Channel, Sensitivity>,
    /// Signed by the caller; needed to raise a channel above the product's own ceiling. At most 2,000 characters.
    acknowledgement: Option<String>,
}

/// Set how much each channel may tell about a patient
///
/// Lower needs nothing, higher than the product's own needs a signature. Templates keep their text: a message that
/// would tell more than its channel may is not sent.
#[utoipa::path(
    put,
    path = "/v1/settings/channel-ceilings",
    operation_id = "set_channel_ceilings",
    tag = "settings",
    params(IfMatchHeader),
    request_body = SetCeilings,
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "The ceilings as they are now.", body = CeilingsView)),
)]
pub(super) async fn set_ceilings(
    State(platform): State<Platform>,
    staff: Staff,
    IfMatch(version): IfMatch,
    Json(wanted): Json<SetCeilings>,
) -> Result<Versioned<CeilingsView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let signed = wanted.acknowledgement.as_deref();
    if signed.is_some_and(|text| text.chars().count() > 2000) {
        let wrong = [Detail::new("/acknowledgement", "at most 2,000 characters")];
        return Err(Problem::new(Kind::Invalid, "acknowledgement_too_long", "the text is too long").at(wrong));
    }
    match templates::set_ceilings(&table, &staff.actor(), version, &wanted.ceilings, signed).await {
        Ok(kept) => Ok(CeilingsView::of(&kept).versioned()),
        Err(TemplateFault::CeilingsStale) => {
            Err(Problem::stale(&CeilingsView::of(&templates::kept_ceilings(&table).await?)))
        }
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use serde_json::{Value, json};

    const AT: &str = "/v1/settings/channel-ceilings";

    async fn set(house: &House, by: &str, version: &str, body: Value) -> (u16, Value) {
        house.send(by, "PUT", AT, Some(body), Some(version)).await
    }

    ///
    #[tokio::test]
    async fn a_raised_ceiling_needs_a_signature_and_is_in_the_log() {
        let house = House::new().await;
        let raise = json!({ "ceilings": { "SMS": "CLINICAL" } });
        let (status, problem) = set(&house, "clinic_admin", "0", raise).await;
        assert_eq!((status, &problem["code"]), (422, &json!("acknowledgement_missing")));
        assert_eq!(problem["errors"][0]["pointer"], "/acknowledgement");
        let signed = json!({ "ceilings": { "SMS": "CLINICAL" }, "acknowledgement": "They asked for it." });
        let (status, now) = set(&house, "clinic_admin", "0", signed).await;
        assert_eq!((status, &now["version"]), (200, &json!(1)));
        assert_eq!(now["channels"]["SMS"]["signed"]["by"], House::caller("clinic_admin").to_string());
        assert_eq!(now["channels"]["SMS"]["standard"], "APPOINTMENT");
        let log = house.get("clinic_admin", "/v1/audit").await;
        assert_eq!(log["items"][0]["action"], "channel.limited");
        let (status, problem) = set(&house, "clinic_admin", "0", json!({ "ceilings": {} })).await;
        assert_eq!((status, &problem["current"]), (409, &now));
        let (_, now) = set(&house, "clinic_admin", "1", json!({ "ceilings": {} })).await;
        assert_eq!(now["channels"]["SMS"], json!({ "ceiling": "APPOINTMENT", "standard": "APPOINTMENT" }));
    }

    #[tokio::test]
    async fn ceilings_are_set_by_administrators_and_known_words() {
        let house = House::new().await;
        assert_eq!(set(&house, "front_desk", "0", json!({ "ceilings": {} })).await.0, 403);
        let (status, problem) =
            set(&house, "clinic_admin", "0", json!({ "ceilings": { "SMS": "ALL" } })).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/ceilings/SMS")));
    }
}
