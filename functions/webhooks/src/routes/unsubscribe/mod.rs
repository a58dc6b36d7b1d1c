//! Links that end messages.

mod follow;
mod page;
mod show;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show::show, follow::follow))
}
