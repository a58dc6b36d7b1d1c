//! The mirror of facts whose master is another system.

mod put;
mod remove;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(put::put, remove::remove))
}
