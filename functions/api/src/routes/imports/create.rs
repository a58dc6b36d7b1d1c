//! `POST /v1/imports`

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use edge::{Idempotency, IdempotencyHeader, Json, Problem, Staff};
use kernel::{ImportId, Timestamp};
use people::imports::{self, Created, Format, NewImport};
use platform::Platform;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::view::ImportView;
use crate::words;

/// A file to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Schedule of November",
    "format": "CSV",
    "bytes": 184_320,
    "mapping": {
        "source": "pms",
        "entities": [{
            "kind": "person",
            "id": { "column": "PatientId", "shape": "id" },
            "fields": { "given_name": { "column": "FirstName" }, "text": { "column": "Mobile" } }
        }]
    }
}))]
pub(super) struct CreateImport {
    /// 1 to 100 characters.
    name: String,
    /// `CSV` (with a header) or `NDJSON`.
    #[schema(value_type = words::FileFormat)]
    format: Format,
    /// How many bytes the file has, at most 50 MB.
    bytes: u64,
    /// Which columns mean what.
    #[schema(value_type = Object)]
    mapping: Value,
    /// As of when the file tells what it tells; now unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
    /// Days added to the dates of appointments, instead of what the mapping says.
    shift_days: Option<i32>,
}

/// An import that awaits its file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "imp_01m8cz00000000000000000000",
    "import": { "id": "imp_01m8cz00000000000000000000", "name": "Schedule of November", "state": "UPLOADING" },
    "upload": { "method": "PUT", "url": "https://files.example/upload", "headers": { "content-length": "184320" } }
}))]
pub(super) struct CreatedImport {
    #[schema(value_type = String)]
    id: ImportId,
    import: ImportView,
    upload: UploadView,
}

/// How the file is sent.
#[derive(Debug, Serialize, ToSchema)]
struct UploadView {
    method: &'static str,
    /// Where to; it is a secret for as long as it holds.
    url: String,
    /// Headers that go with it.
    headers: BTreeMap<String, String>,
}

/// Begin an import
///
/// The file is sent next, to the address in the answer; then the import is started, first on trial.
#[utoipa::path(
    post,
    path = "/v1/imports",
    operation_id = "create_import",
    tag = "ways in",
    params(IdempotencyHeader),
    request_body = CreateImport,
    extensions(("x-access" = json!("admin"))),
    responses(
        (status = 201, description = "It awaits its file.", body = CreatedImport,
            headers(("Location" = String, description = "The import."))),
    ),
)]
pub(super) async fn create(
    State(platform): State<Platform>,
    staff: Staff,
    ids: Idempotency,
    Json(wanted): Json<CreateImport>,
) -> Result<impl IntoResponse, Problem> {
    let new = NewImport {
        name: wanted.name,
        mapping: wanted.mapping,
        format: wanted.format,
        bytes: wanted.bytes,
        as_of: wanted.as_of,
        shift_days: wanted.shift_days,
    };
    let table = platform.table.of(staff.clinic);
    let created = imports::create(&platform, &table, &staff.actor(), ids.id("import"), new).await?;
    let Created { import, upload } = created;
    let created = CreatedImport {
        id: import.id,
        import: import.into(),
        upload: UploadView { method: "PUT", url: upload.url, headers: upload.headers.into_iter().collect() },
    };
    let place = format!("/v1/imports/{}", created.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(created)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    fn mapping() -> Value {
        json!({
            "source": "pms",
            "entities": [{
                "kind": "person",
                "id": { "column": "Id", "shape": "id" },
                "fields": { "given_name": { "column": "First" }, "text": { "column": "Mobile" } }
            }]
        })
    }

    #[tokio::test]
    async fn a_file_is_sent_tried_and_taken_in() {
        let house = House::open().await;
        let file = "Id,First,Mobile\n1,Ana,(212) 555-0123\n2,Ben,\n,Eve,(212) 555-0124\n";
        let body = json!({ "name": "November", "format": "CSV", "bytes": file.len(), "mapping": mapping() });
        let (status, made) = house.create("clinic_admin", "/v1/imports", "key", &body).await;
        assert_eq!((status, &made["import"]["state"]), (201, &json!("UPLOADING")), "{made}");
        assert_eq!(house.create("clinic_admin", "/v1/imports", "key", &body).await.1, made);
        let at = |rest: &str| format!("/v1/imports/{}{rest}", made["id"].as_str().unwrap());
        let start = async |dry_run: bool| {
            let body = Some(json!({ "dry_run": dry_run }));
            house.send("clinic_admin", "POST", &at("/start"), body, None).await
        };
        let (status, problem) = start(true).await;
        assert_eq!((status, &problem["code"]), (409, &json!("import_file_missing")));
        let key = made["upload"]["url"]
            .as_str()
            .unwrap()
            .strip_prefix(House::UPLOAD)
            .unwrap()
            .trim_start_matches('/');
        house.platform.files.put(key, file.into()).await.unwrap();
        let (status, problem) = start(false).await;
        assert_eq!((status, &problem["code"]), (409, &json!("import_state")));
        let (status, tried) = start(true).await;
        assert_eq!((status, &tried["state"]), (200, &json!("DRY_RUN")));
        house.imports(made["id"].as_str().unwrap()).await;
        let tried = house.get("clinic_admin", &at("")).await;
        assert_eq!((&tried["state"], &tried["dry_run"]["rows"]), (&json!("READY"), &json!(3)), "{tried}");
        let errors = house.get("clinic_admin", &at("/errors")).await;
        let rows: Vec<_> = errors["items"].as_array().unwrap().iter().map(|row| &row["row"]).collect();
        assert_eq!(rows, [&json!(2), &json!(3)], "{errors}");
        assert_eq!(start(false).await.1["state"], "RUNNING");
        house.imports(made["id"].as_str().unwrap()).await;
        let done = house.get("clinic_admin", &at("")).await;
        assert_eq!((&done["state"], &done["totals"]["persons"]["created"]), (&json!("DONE"), &json!(2)));
        let (status, problem) = house.send("clinic_admin", "POST", &at("/cancel"), None, None).await;
        assert_eq!((status, &problem["code"]), (409, &json!("import_state")));
        let all = house.get("clinic_admin", "/v1/imports").await;
        assert_eq!(all["items"][0], done);
    }

    #[tokio::test]
    async fn a_mapping_that_cannot_be_is_told_by_field() {
        let house = House::open().await;
        let mut mapping = mapping();
        mapping["entities"][0]["fields"]["shoe_size"] = json!({ "column": "Shoe" });
        let body = json!({ "name": " ", "format": "CSV", "bytes": 10, "mapping": mapping });
        let (status, problem) = house.send("clinic_admin", "POST", "/v1/imports", Some(body), None).await;
        let at: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!((status, at), (422, vec!["/name", "/mapping/entities/0/fields/shoe_size"]), "{problem}");
        let path = "/v1/imports/imp_00000000000000000000000001";
        for (method, path) in [("GET", path.to_owned()), ("POST", format!("{path}/cancel"))] {
            let (status, problem) = house.send("clinic_admin", method, &path, None, None).await;
            assert_eq!((status, &problem["code"]), (404, &json!("import_not_found")));
        }
        let (status, _) = house.send("clinic_admin", "GET", &format!("{path}/errors"), None, None).await;
        assert_eq!(status, 404);
        assert_eq!(house.send("front_desk", "GET", "/v1/imports", None, None).await.0, 403);
    }
}
