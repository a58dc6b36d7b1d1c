//! How people want to be written to.

mod history;
mod set;
mod show;
mod view;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show::show, set::set)).routes(routes!(history::history))
}
