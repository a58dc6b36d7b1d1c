//! Links by which patients answer about a visit.

mod answer;
mod gone;
mod keys;
mod page;
mod show;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show::show, answer::answer))
}
