//! The API itself.

mod document;
mod health;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(document::document)).routes(routes!(health::health))
}
