//! Events from other systems.

mod parked;
mod replay;
mod take;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(take::take))
        .routes(routes!(parked::parked))
        .routes(routes!(replay::replay))
}
