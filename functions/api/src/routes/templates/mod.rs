//! Templates: what the clinic says again and again, in versions.

mod archive;
mod create;
mod describe;
mod list;
mod preview;
mod preview_draft;
mod recipient;
mod revise;
mod show;
mod show_version;
mod variables;
mod versions;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show, revise::revise, describe::describe, archive::archive))
        .routes(routes!(versions::versions))
        .routes(routes!(show_version::show_version))
        .routes(routes!(preview_draft::preview_draft))
        .routes(routes!(preview::preview))
        .routes(routes!(variables::variables))
}
