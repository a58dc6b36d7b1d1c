//! The API itself.

mod document;
mod health;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(document::document)).routes(routes!(health::health))
}
