//! Work for the staff.

mod finish;
mod list;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(finish::finish))
}
