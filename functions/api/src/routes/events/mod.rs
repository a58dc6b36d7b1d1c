//! Events from other systems.

mod parked;
mod take;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(take::take)).routes(routes!(parked::parked))
}
