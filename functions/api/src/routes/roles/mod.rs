//! Roles, and what the clinic grants to them.

mod grants;
mod set_grants;
mod show_grants;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show_grants::show_grants, set_grants::set_grants))
}
