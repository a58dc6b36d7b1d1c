//! Imports of files.

mod cancel;
mod create;
mod findings;
mod list;
mod show;
mod start;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(show::show))
        .routes(routes!(start::start))
        .routes(routes!(cancel::cancel))
        .routes(routes!(findings::findings))
}
