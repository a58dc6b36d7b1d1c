//! `GET /v1/people/{id}/preferences/history`

use audit::Who;
use axum::extract::State;
use consent::preference::{Preference, PreferenceChange, Source};
use edge::{Json, Page, Paging, Path, Problem, Query, Staff};
use kernel::{EventId, PersonId, Timestamp};
use platform::Platform;
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

use crate::routes::consents::known;

/// What somebody stated at a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "evt_01m8cz00000000000000000000",
    "at": "2026-11-22T08:00:00Z",
    "by": { "kind": "staff", "id": "usr_01m8cz00000000000000000000", "role": "front_desk" },
    "source": "STAFF",
    "stated": { "channels": ["EMAIL", "SMS"], "categories": { "SURVEY": false } }
}))]
pub(super) struct ChangeView {
    #[schema(value_type = String)]
    id: EventId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who wrote it down.
    #[schema(value_type = Object)]
    by: Who,
    /// Where it was said: `STAFF`, `PORTAL`, `FORM` or `IMPORT`.
    #[schema(value_type = String)]
    source: Source,
    /// All that was stated from then on: `channels`, `categories`, `hours`, `language`.
    #[schema(value_type = Object)]
    stated: Preference,
}

fn show(change: Kept<PreferenceChange>) -> ChangeView {
    let PreferenceChange { id, at, by, source, preference, .. } = change.into_value();
    ChangeView { id, at, by, source, stated: preference }
}

/// How a person wanted to be written to over time, newest first
#[utoipa::path(
    get,
    path = "/v1/people/{id}/preferences/history",
    operation_id = "list_preference_changes",
    tag = "preferences",
    params(("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000"), Paging),
    extensions(("x-access" = json!("permission consent:read"))),
    responses((status = 200, description = "A page of the history.", body = Page<ChangeView>)),
)]
pub(super) async fn history(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ChangeView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let person = known(&table, id).await?.id;
    let page = consent::preference_history(&table, person, paging.limit, paging.cursor.as_ref()).await?;
    audit::viewed(&table, &staff.actor(), "preferences.viewed", &["history"], [person]).await?;
    Ok(Json(Page::of(page, show)))
}

#[cfg(test)]
mod tests {
    use crate::{routes::consents::testing::Family, testing::House};
    use serde_json::json;

    /// D-08
    #[tokio::test]
    async fn the_history_tells_who_said_what_and_where_newest_first() {
        let (house, family) = Family::new().await;
        let path = format!("/v1/people/{}/preferences", family.ana);
        for (version, body) in [
            ("0", json!({ "channels": ["SMS"] })),
            ("1", json!({ "channels": ["EMAIL"], "source": "FORM" })),
            ("2", json!({ "channels": [] })),
        ] {
            assert_eq!(house.send("front_desk", "PUT", &path, Some(body), Some(version)).await.0, 200);
        }
        let first = house.get("doctor", &format!("{path}/history?limit=2")).await;
        assert_eq!(first["items"][0]["stated"]["channels"], json!([]));
        assert_eq!(
            (&first["items"][1]["source"], first["items"].as_array().unwrap().len()),
            (&json!("FORM"), 2)
        );
        assert_eq!(first["items"][0]["by"]["id"], House::caller("front_desk").to_string());
        let next = first["next"].as_str().unwrap();
        let second = house.get("doctor", &format!("{path}/history?limit=2&cursor={next}")).await;
        assert_eq!(second["items"][0]["stated"]["channels"], json!(["SMS"]));
        assert!(second["next"].is_null());
    }
}
