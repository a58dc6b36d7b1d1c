//! The mirror of facts whose master is another system.

mod put;
mod remove;
mod view;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(put::put, remove::remove))
}
