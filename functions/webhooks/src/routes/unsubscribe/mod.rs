//! Links that end messages.

mod follow;
mod page;
mod show;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show::show, follow::follow))
}
