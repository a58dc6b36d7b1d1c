//! Addresses that messages are stopped to.

mod list;
mod release;
mod suppress;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(list::list, suppress::suppress)).routes(routes!(release::release))
}
