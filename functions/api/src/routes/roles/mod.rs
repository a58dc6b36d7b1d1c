//! Roles, and what the clinic grants to them.

mod grants;
mod set_grants;
mod show_grants;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show_grants::show_grants, set_grants::set_grants))
}
