//! Calls of SendGrid: how mail of a clinic's own account fares.

mod events;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(events::events))
}
