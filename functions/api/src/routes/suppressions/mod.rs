//! Addresses that messages are stopped to.

mod list;
mod release;
mod suppress;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(list::list, suppress::suppress)).routes(routes!(release::release))
}
