//! `PUT /v1/settings/consent`

use std::collections::BTreeMap;

use ::consent::{ConsentFault, ConsentSettings, Overrides, preference::Defaults};
use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Problem, Staff, Versioned};
use kernel::{Category, Channel, Detail, Kind};
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::consent::ConsentSettingsView;
use crate::words;

/// What takes the place of what was set; what is absent goes back to the product's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "defaults": { "APPOINTMENT": ["SMS", "EMAIL"], "BILLING": ["EMAIL"] },
    "overrides": { "per_person_per_day": 3, "confirm_words": ["claro"] }
}))]
pub(super) struct SetConsentSettings {
    /// For each category the channels in their order. Messages of a category that is not named reach only people
    /// who have stated channels of their own.
    #[serde(default = "standard", deserialize_with = "edge::by_name")]
    #[schema(value_type = std::collections::HashMap<words::Category, Vec<words::Channel>>)]
    defaults: BTreeMap<Category, Vec<Channel>>,
    /// `opt_out_words` and `confirm_words` (at most 50 each), `courtesy_confirms`, `marketing_hours` (`CAUTIOUS`
    /// or `STATE`), `per_person_per_day` (1 to 50) and `revocation_by_category`. None of them widens what a law
    /// narrows.
    #[serde(default)]
    #[schema(value_type = Object)]
    overrides: Overrides,
}

fn standard() -> BTreeMap<Category, Vec<Channel>> {
    Defaults::default().0
}

/// Set the clinic's own rules of consent, and its default channels
#[utoipa::path(
    put,
    path = "/v1/settings/consent",
    operation_id = "set_consent_settings",
    tag = "settings",
    params(IfMatchHeader),
    request_body = SetConsentSettings,
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "The settings as they are now.", body = ConsentSettingsView)),
)]
pub(super) async fn set_consent(
    State(platform): State<Platform>,
    staff: Staff,
    IfMatch(version): IfMatch,
    Json(SetConsentSettings { defaults, overrides }): Json<SetConsentSettings>,
) -> Result<Versioned<ConsentSettingsView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let twice = defaults.iter().filter_map(|(category, channels)| {
        let again = channels.iter().enumerate().find(|(at, channel)| channels[..*at].contains(channel));
        let (at, _) = again?;
        Some(Detail::new(
            format!("/defaults/{}/{at}", category.name()),
            "each channel stands once in the order",
        ))
    });
    let twice: Vec<_> = twice.collect();
    if !twice.is_empty() {
        return Err(
            Problem::new(Kind::Invalid, "consent_invalid", "a channel stands twice in an order").at(twice)
        );
    }
    let new = ConsentSettings { overrides, defaults: Defaults(defaults) };
    match ::consent::set_settings(&table, version, new, &staff.actor()).await {
        Ok(kept) => Ok(ConsentSettingsView::of(Some(kept)).versioned()),
        Err(ConsentFault::Stale) => {
            Err(Problem::stale(&ConsentSettingsView::of(::consent::settings(&table).await?)))
        }
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use serde_json::{Value, json};

    const AT: &str = "/v1/settings/consent";

    async fn set(house: &House, by: &str, version: &str, body: Value) -> (u16, Value) {
        house.send(by, "PUT", AT, Some(body), Some(version)).await
    }

    /// D-14
    #[tokio::test]
    async fn a_clinic_sets_default_channels_for_each_need() {
        let house = House::new().await;
        let standard = house.get("read_only", AT).await;
        assert_eq!((&standard["version"], &standard["defaults"]["BILLING"][0]), (&json!(0), &json!("SMS")));
        let body = json!({ "defaults": { "APPOINTMENT": ["EMAIL", "SMS"] }, "overrides": { "per_person_per_day": 3 } });
        let (status, now) = set(&house, "clinic_admin", "0", body).await;
        assert_eq!((status, &now["version"]), (200, &json!(1)));
        assert_eq!(now["defaults"], json!({ "APPOINTMENT": ["EMAIL", "SMS"] }));
        assert_eq!(now, house.get("read_only", AT).await);
        let (status, problem) = set(&house, "clinic_admin", "0", json!({})).await;
        assert_eq!((status, &problem["current"]), (409, &now));
    }

    #[tokio::test]
    async fn settings_that_cannot_be_are_told_at_their_place() {
        let house = House::new().await;
        for (body, pointer) in [
            (json!({ "defaults": { "BILLING": ["SMS", "SMS"] } }), "/defaults/BILLING/1"),
            (json!({ "defaults": { "BILLING": ["FAX"] } }), "/defaults/BILLING/0"),
            (json!({ "overrides": { "per_person_per_day": 0 } }), "/overrides/per_person_per_day"),
            (json!({ "overrides": { "confirm_words": ["STOP"] } }), "/overrides/confirm_words"),
            (json!({ "overrides": { "loud": true } }), "/overrides/loud"),
        ] {
            let (status, problem) = set(&house, "clinic_admin", "0", body).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
        }
        assert_eq!(set(&house, "front_desk", "0", json!({})).await.0, 403);
        assert_eq!(house.send("clinic_admin", "PUT", AT, Some(json!({})), None).await.0, 422);
    }
}
