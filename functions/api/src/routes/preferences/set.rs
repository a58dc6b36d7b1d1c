//! `PUT /v1/people/{id}/preferences`

use std::collections::BTreeMap;

use axum::extract::State;
use consent::{
    ConsentFault, Frequency,
    hours::{Hours, Window},
    preference::{Preference, Source},
};
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use jiff::civil::Date;
use kernel::{Category, Channel, Detail, Kind, Language, PersonId};
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::PreferencesView;
use crate::routes::consents::known;
use crate::words;

/// What the person states from now on; it takes the place of what was stated before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "channels": ["EMAIL", "SMS"],
    "categories": { "SURVEY": false },
    "frequency": { "EMAIL": "DAILY" },
    "hours": { "windows": [{ "from": "09:00", "until": "18:00", "days": ["MON", "TUE", "WED", "THU", "FRI"] }] },
    "language": "es",
    "source": "STAFF"
}))]
pub(super) struct SetPreferences {
    /// Channels that are on, in order: `SMS`, `EMAIL`, `PUSH`, `IN_APP`, `VOICE`, `WHATSAPP`. An empty list is a
    /// wish for none; absent, the clinic's defaults hold.
    #[schema(value_type = Option<Vec<words::Channel>>)]
    channels: Option<Vec<Channel>>,
    /// Kinds of message switched on or off. Marketing still needs consent.
    #[serde(default, deserialize_with = "edge::by_name")]
    #[schema(value_type = std::collections::HashMap<words::Category, bool>)]
    categories: BTreeMap<Category, bool>,
    /// How often messages are wanted over a channel: `IMMEDIATE`, `DAILY` or `WEEKLY`, the latter two collected into
    /// one message. What is about visits and care never waits.
    #[serde(default, deserialize_with = "edge::by_name")]
    #[schema(value_type = std::collections::HashMap<words::Channel, String>)]
    frequency: BTreeMap<Channel, Frequency>,
    /// When messages are welcome, in the person's zone.
    hours: Option<WelcomeHours>,
    /// The language to be written to in.
    #[schema(value_type = Option<words::Language>)]
    language: Option<Language>,
    /// Where it was said.
    #[serde(default)]
    source: Said,
}

/// Hours of the week; any one window is enough.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WelcomeHours {
    /// `from` and `until` (`00:00` to `24:00`; until may be on the next morning) and `days` (`MON` … `SUN`).
    #[schema(value_type = Vec<Object>)]
    windows: Vec<Window>,
    /// Whether federal holidays are closed.
    #[serde(default)]
    closed_on_federal_holidays: bool,
    /// Days that are closed.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    closed: Vec<Date>,
}

/// Where a preference was stated.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Said {
    /// To a member of the staff.
    #[default]
    Staff,
    /// On a form.
    Form,
}

impl WelcomeHours {
    fn read(self) -> Hours {
        let hours = Hours::new(self.windows).closed_on(self.closed);
        if self.closed_on_federal_holidays { hours.closed_on_federal_holidays() } else { hours }
    }
}

/// Set how a person wants to be written to
///
/// The next message already keeps to it. What was stated before stays in the history.
#[utoipa::path(
    put,
    path = "/v1/people/{id}/preferences",
    operation_id = "set_preferences",
    tag = "preferences",
    params(
        ("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000"),
        IfMatchHeader
    ),
    request_body = SetPreferences,
    extensions(("x-access" = json!("permission consent:collect"))),
    responses((status = 200, description = "The preferences as they are now.", body = PreferencesView)),
)]
pub(super) async fn set(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
    IfMatch(version): IfMatch,
    Json(stated): Json<SetPreferences>,
) -> Result<Versioned<PreferencesView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let person = known(&table, id).await?.id;
    if stated.hours.as_ref().is_some_and(|hours| hours.windows.len() > 50 || hours.closed.len() > 100) {
        let wrong = [Detail::new("/hours", "at most 50 windows and 100 closed days")];
        return Err(Problem::new(Kind::Invalid, "consent_invalid", "the hours are too many").at(wrong));
    }
    let source = match stated.source {
        Said::Staff => Source::Staff,
        Said::Form => Source::Form,
    };
    let new = Preference {
        channels: stated.channels,
        categories: stated.categories,
        frequency: stated.frequency,
        hours: stated.hours.map(WelcomeHours::read),
        language: stated.language,
    };
    match consent::set_preferences(&table, person, version, new, source, &staff.actor()).await {
        Ok(kept) => Ok(PreferencesView::of(&table, person, Some(kept)).await?.versioned()),
        Err(ConsentFault::Stale) => Err(Problem::stale(&PreferencesView::read(&table, person).await?)),
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{routes::consents::testing::Family, testing::House};
    use kernel::PersonId;
    use serde_json::{Value, json};

    async fn set(house: &House, path: &str, version: &str, body: Value) -> (u16, Value) {
        house.send("front_desk", "PUT", path, Some(body), Some(version)).await
    }

    /// D-01, D-03, D-04
    #[tokio::test]
    async fn what_a_person_states_is_kept_and_shown_with_what_comes_of_it() {
        let (house, family) = Family::new().await;
        let path = format!("/v1/people/{}/preferences", family.ana);
        let before = house.get("doctor", &path).await;
        assert_eq!((&before["version"], before["channels"].is_null()), (&json!(0), true));
        assert_eq!(before["effective"]["APPOINTMENT"], json!(["SMS", "EMAIL", "PUSH"]));
        let body = json!({
            "channels": ["EMAIL"],
            "categories": { "BILLING": false },
            "hours": { "windows": [{ "from": "09:00", "until": "18:00", "days": ["MON"] }] },
            "language": "es",
        });
        let (status, now) = set(&house, &path, "0", body).await;
        assert_eq!((status, &now["version"]), (200, &json!(1)), "{now}");
        assert_eq!(now["hours"]["windows"][0]["until"], "18:00");
        assert_eq!(
            (&now["effective"]["SURVEY"], &now["effective"]["BILLING"]),
            (&json!(["EMAIL"]), &json!([]))
        );
        assert_eq!(now, house.get("doctor", &path).await);
        // A wish for none is another thing than nothing stated.
        let (_, none) = set(&house, &path, "1", json!({ "channels": [] })).await;
        assert_eq!((&none["channels"], &none["effective"]["SURVEY"]), (&json!([]), &json!([])));
        let seen = house.get("clinic_admin", &format!("/v1/audit?patient={}", family.ana)).await;
        let actions: Vec<_> = seen["items"].as_array().unwrap().iter().map(|item| &item["action"]).collect();
        assert!(
            actions.contains(&&json!("preferences.viewed")) && actions.contains(&&json!("preferences.set"))
        );
    }

    /// D-01
    #[tokio::test]
    async fn preferences_that_cannot_be_are_told_at_their_place() {
        let (house, family) = Family::new().await;
        let path = format!("/v1/people/{}/preferences", family.ana);
        let window = |from: &str, until: &str| json!({ "hours": { "windows": [{ "from": from, "until": until, "days": ["MON"] }] } });
        for (body, pointer) in [
            (json!({ "channels": ["SMS", "FAX"] }), "/channels/1"),
            (json!({ "channels": ["SMS", "SMS"] }), "/channels"),
            (json!({ "categories": { "SURVEY": "no" } }), "/categories/SURVEY"),
            (window("25:00", "26:00"), "/hours/windows/0/from"),
            (window("09:00", "09:00"), "/hours/windows/0"),
            (json!({ "hours": { "windows": [] } }), "/hours/windows"),
            (json!({ "language": "Klingonese!" }), "/language"),
            (json!({ "loud": true }), "/loud"),
        ] {
            let (status, problem) = set(&house, &path, "0", body).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
        }
    }

    #[tokio::test]
    async fn a_stale_version_and_people_who_are_not_here_are_refused() {
        let (house, family) = Family::new().await;
        let path = format!("/v1/people/{}/preferences", family.ana);
        assert_eq!(set(&house, &path, "0", json!({ "channels": ["SMS"] })).await.0, 200);
        let (status, problem) = set(&house, &path, "0", json!({ "channels": ["EMAIL"] })).await;
        assert_eq!((status, &problem["current"]["channels"]), (409, &json!(["SMS"])));
        for nobody in [family.foreign, PersonId::LAST] {
            let path = format!("/v1/people/{nobody}/preferences");
            assert_eq!(set(&house, &path, "0", json!({})).await.0, 404);
            assert_eq!(house.send("doctor", "GET", &path, None, None).await.0, 404);
            assert_eq!(house.send("doctor", "GET", &format!("{path}/history"), None, None).await.0, 404);
        }
        assert_eq!(house.send("read_only", "GET", &path, None, None).await.0, 403);
        assert_eq!(house.send("doctor", "PUT", &path, Some(json!({})), Some("1")).await.0, 403);
    }
}
