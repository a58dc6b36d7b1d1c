//! Accounts at providers.

mod set;
mod show;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show::show, set::set))
}
