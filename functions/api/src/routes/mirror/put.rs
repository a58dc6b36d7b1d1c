//! `PUT /v1/mirror/{kind}/{source}/{id}`

use axum::extract::State;
use edge::{Json, Path, Problem, Staff};
use kernel::{Masked, Timestamp};
use people::mirror::{Kind, Put};
use platform::Platform;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::view::{Mirrored, take};

/// One thing as the source has it. Fields that are left out stay as they are; `null` clears one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "version": 7,
    "updated_at": "2026-11-22T15:00:00Z",
    "data": { "given_name": "Ana", "family_name": "Reyes", "birth_date": "1990-05-01", "text": "(212) 555-0123" }
}))]
pub(super) struct PutMirrored {
    /// The version over there; this or `updated_at` is required.
    version: Option<u64>,
    /// When it was changed over there.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
    /// The fields.
    #[schema(value_type = Object)]
    data: Masked<Value>,
}

/// Tell what another system has
///
/// Telling it again, or telling something older than what is known, changes nothing. Reminders are planned with
/// it.
#[utoipa::path(
    put,
    path = "/v1/mirror/{kind}/{source}/{id}",
    operation_id = "put_mirrored",
    tag = "ways in",
    params(
        ("kind" = String, Path, description = "`person`, `appointment`, `practitioner` or `location`.",
            example = "person"),
        ("source" = String, Path, description = "The other system.", example = "pms"),
        ("id" = String, Path, description = "Its own id of the thing.", example = "P-311"),
    ),
    request_body = PutMirrored,
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "What it did.", body = Mirrored)),
)]
pub(super) async fn put(
    State(platform): State<Platform>,
    staff: Staff,
    Path((kind, source, id)): Path<(Kind, String, String)>,
    Json(wanted): Json<PutMirrored>,
) -> Result<Json<Mirrored>, Problem> {
    let said = Put {
        kind,
        source: &source,
        id: &id,
        version: wanted.version,
        updated_at: wanted.updated_at,
        data: Some(wanted.data.reveal()),
    };
    Ok(Json(take(&platform.table.of(staff.clinic), &staff, said).await?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    const ANA: &str = "/v1/mirror/person/pms/P-311";

    async fn put(house: &House, path: &str, body: Value) -> (u16, Value) {
        house.send("clinic_admin", "PUT", path, Some(body), None).await
    }

    #[tokio::test]
    async fn a_statement_counts_by_its_version() {
        let house = House::open().await;
        let said = |version: u64, name: &str| json!({ "version": version, "data": { "given_name": name } });
        let (status, first) = put(&house, ANA, said(2, "Ana")).await;
        assert_eq!((status, &first["effect"]), (200, &json!("CREATED")));
        assert_eq!(put(&house, ANA, said(2, "Ana")).await.1["effect"], "SAME");
        assert_eq!(put(&house, ANA, said(1, "Anna")).await.1["effect"], "OLDER");
        let person = format!("/v1/people/{}", first["id"].as_str().unwrap());
        assert_eq!(house.get("doctor", &person).await["given"], "Ana");
        let gone = format!("{ANA}?version=3");
        let (status, gone) = house.send("clinic_admin", "DELETE", &gone, None, None).await;
        assert_eq!((status, &gone["effect"]), (200, &json!("UPDATED")));
        assert!(house.get("doctor", &person).await["deleted_at"].is_string());
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_told_by_field_and_not_repeated() {
        let house = House::open().await;
        let body = json!({ "version": 1, "data": { "birth_date": "canary", "shoe_size": 44 } });
        let (status, problem) = put(&house, ANA, body).await;
        let mut at: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        at.sort_unstable();
        assert_eq!((status, at), (422, vec!["/data/birth_date", "/data/shoe_size"]), "{problem}");
        assert!(!problem.to_string().contains("canary"));
        let (status, problem) = put(&house, ANA, json!({ "data": {} })).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/version")));
        let body = json!({ "version": 1, "data": {} });
        assert_eq!(put(&house, "/v1/mirror/invoice/pms/1", body.clone()).await.0, 404);
        let (status, problem) = put(&house, "/v1/mirror/person/PMS/1", body.clone()).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("source")));
        assert_eq!(house.send("front_desk", "PUT", ANA, Some(body), None).await.0, 403);
    }
}
