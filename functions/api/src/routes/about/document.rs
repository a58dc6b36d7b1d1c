//! `GET /v1/openapi.json`

use axum::{http::header, response::IntoResponse};
use edge::Document;

/// The description of this API
///
/// As `OpenAPI` 3.1. Each operation says in `x-access` what it needs of its caller.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    operation_id = "show_document",
    tag = "about",
    extensions(("x-access" = json!("public"))),
    responses((status = 200, description = "The document.", body = serde_json::Value, example = json!({ "openapi": "3.1.0" }))),
)]
pub(super) async fn document(Document(document): Document) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document)
}
