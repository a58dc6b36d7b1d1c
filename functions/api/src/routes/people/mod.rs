//! Persons.

mod change;
mod list;
pub(super) mod names;
mod show;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(show::show, change::change))
}
