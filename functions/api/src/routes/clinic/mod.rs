//! The clinic itself.

mod set;
mod show;
mod view;

pub(super) use view::PostalAddress;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show::show, set::set))
}
