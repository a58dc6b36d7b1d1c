//! The clinic itself.

mod set;
mod show;
mod view;

pub(super) use view::PostalAddress;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show::show, set::set))
}
