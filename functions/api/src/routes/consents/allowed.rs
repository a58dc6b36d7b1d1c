//! `GET /v1/people/{id}/consents/allowed`

use axum::extract::State;
use consent::ledger::{self, Level, StopReason};
use edge::{Json, Path, Problem, Query, Staff};
use kernel::{Category, Channel, ContactId, PersonId, Timestamp};
use platform::Platform;
use serde::{Deserialize, Serialize};
use table::Kept;
use utoipa::{IntoParams, ToSchema};

use super::Readers;
use crate::words;

/// What about.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The channel.
    #[param(value_type = words::Channel, inline, example = "SMS")]
    channel: Channel,
    /// The kind of message.
    #[param(value_type = words::Category, inline, example = "APPOINTMENT")]
    category: Category,
    /// At which moment; now if absent.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Whether consent allowed such a message, address by address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "person": "per_01m8cz00000000000000000000",
    "channel": "SMS",
    "category": "APPOINTMENT",
    "at": "2026-11-22T08:00:00Z",
    "needed": "EXPRESS",
    "allowed": true,
    "addresses": [{
        "contact": "con_01m8cz00000000000000000000",
        "ending": "23",
        "reader": "per_01m8cz00000000000000000000",
        "is_guardian": false,
        "level": "EXPRESS",
        "stopped_by": [],
        "allowed": true
    }]
}))]
pub(super) struct AllowedView {
    #[schema(value_type = String)]
    person: PersonId,
    #[schema(value_type = String)]
    channel: Channel,
    #[schema(value_type = String)]
    category: Category,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The consent that such a message needs: `NONE`, `EXPRESS` or `WRITTEN`.
    #[schema(value_type = String)]
    needed: Level,
    /// Whether it was there for at least one address.
    allowed: bool,
    /// The addresses it could go to, those of the guardians for a minor.
    addresses: Vec<AddressView>,
}

/// One address.
#[derive(Debug, Serialize, ToSchema)]
struct AddressView {
    #[schema(value_type = String)]
    contact: ContactId,
    /// The end of the address.
    ending: String,
    /// Who reads there.
    #[schema(value_type = String)]
    reader: PersonId,
    is_guardian: bool,
    /// The consent there was.
    #[schema(value_type = String)]
    level: Level,
    /// What stopped such messages.
    #[schema(value_type = Vec<String>)]
    stopped_by: Vec<StopReason>,
    allowed: bool,
}

/// Was such a message allowed then
///
/// By consent and suppressions alone, as the ledger tells them for that moment. Preferences, hours and caps are
/// another question: `POST /v1/gate/explain`.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/consents/allowed",
    operation_id = "show_allowed",
    tag = "consent",
    params(("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000"), Asked),
    extensions(("x-access" = json!("permission consent:read"))),
    responses((status = 200, description = "The answer.", body = AllowedView)),
)]
pub(super) async fn allowed(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
    Query(Asked { channel, category, at }): Query<Asked>,
) -> Result<Json<AllowedView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let readers = Readers::of(&table, id).await?;
    let at = at.unwrap_or_else(|| platform.clock.now());
    let settings = consent::settings(&table).await?.map(Kept::into_value).unwrap_or_default();
    let needed = settings.rules().needed(channel, category);
    let mut addresses = Vec::new();
    for place in readers.places(category, at).into_iter().filter(|place| place.channel == channel) {
        let standing = ledger::state_at(&table, &place.address, at).await?;
        let level = standing.level(channel, category);
        let stopped_by: Vec<_> = standing.stopped(category).collect();
        addresses.push(AddressView {
            contact: place.contact.id,
            ending: place.address.ending(),
            reader: place.reader.id,
            is_guardian: place.is_guardian,
            level,
            allowed: level >= needed && stopped_by.is_empty(),
            stopped_by,
        });
    }
    // What needs no consent needs no address: a note inside our own apps.
    let allowed = addresses.iter().any(|address| address.allowed) || needed == Level::None;
    let person = readers.person.id;
    audit::viewed(&table, &staff.actor(), "consents.viewed", &["consents"], [person]).await?;
    Ok(Json(AllowedView { person, channel, category, at, needed, allowed, addresses }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Family, agrees, ends, recorded};
    use kernel::PersonId;
    use serde_json::json;

    /// D-05, D-07, D-08
    #[tokio::test]
    async fn whether_it_was_allowed_is_told_for_any_moment() {
        let (house, family) = Family::new().await;
        recorded(&house, family.ana, agrees(family.anas_text, "2026-11-20T08:00:00Z")).await;
        recorded(&house, family.ana, ends(family.anas_text, "2026-11-21T08:00:00Z")).await;
        let asked = async |query: &str| {
            house.get("doctor", &format!("/v1/people/{}/consents/allowed?{query}", family.ana)).await
        };
        let visits = "channel=SMS&category=APPOINTMENT";
        for (at, allowed) in [("2026-11-19", false), ("2026-11-20", true), ("2026-11-21", false)] {
            let answer = asked(&format!("{visits}&at={at}T12:00:00Z")).await;
            assert_eq!(answer["allowed"], allowed, "{answer}");
        }
        let now = asked(visits).await;
        assert_eq!(
            (&now["needed"], &now["addresses"][0]["stopped_by"]),
            (&json!("EXPRESS"), &json!(["TOLD"]))
        );
        assert_eq!(asked("channel=IN_APP&category=APPOINTMENT").await["allowed"], true);
        assert_eq!(asked("channel=EMAIL&category=APPOINTMENT").await["addresses"][0]["level"], "NONE");
        assert_eq!(asked("channel=SMS&category=MARKETING").await["needed"], "WRITTEN");
    }

    /// D-06
    #[tokio::test]
    async fn for_a_child_the_guardians_are_asked() {
        let (house, family) = Family::new().await;
        recorded(&house, family.child, agrees(family.mothers_text, "2026-11-20T08:00:00Z")).await;
        let path = format!("/v1/people/{}/consents/allowed?channel=SMS&category=APPOINTMENT", family.child);
        let answer = house.get("doctor", &path).await;
        let addresses = answer["addresses"].as_array().unwrap();
        let by = |contact| addresses.iter().find(|address| address["contact"] == json!(contact)).unwrap();
        assert_eq!(by(family.mothers_text)["allowed"], true);
        assert_eq!((&by(family.aunts_text)["allowed"], addresses.len()), (&json!(false), 2));
    }

    #[tokio::test]
    async fn a_question_names_channel_and_category_of_somebody_who_is_here() {
        let (house, family) = Family::new().await;
        let path = |person: PersonId, query: &str| format!("/v1/people/{person}/consents/allowed?{query}");
        let at = path(family.ana, "channel=SMS");
        let (status, problem) = house.send("doctor", "GET", &at, None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("category")));
        let at = path(family.foreign, "channel=SMS&category=APPOINTMENT");
        assert_eq!(house.send("doctor", "GET", &at, None, None).await.0, 404);
    }
}
