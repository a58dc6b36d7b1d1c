//! Work for the staff.

mod finish;
mod list;
mod view;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(finish::finish))
}
