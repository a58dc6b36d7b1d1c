//! `GET /health`

use edge::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// That the API answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "status": "ok" }))]
pub(super) struct Health {
    /// Always `ok`: what does not answer cannot say so.
    status: &'static str,
}

/// Whether the API answers
///
/// It touches nothing behind it: what it stands on has its own alarms.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "show_health",
    tag = "about",
    extensions(("x-access" = json!("public"))),
    responses((status = 200, description = "It does.", body = Health)),
)]
pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}
