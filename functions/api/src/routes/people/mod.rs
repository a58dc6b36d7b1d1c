//! Persons.

mod change;
mod list;
pub(super) mod names;
mod show;
mod view;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(show::show, change::change))
}
