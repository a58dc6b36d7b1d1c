//! The rules that remind of visits.

mod apply;
mod archive;
mod change;
mod create;
mod list;
mod show;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show, change::change, archive::archive))
        .routes(routes!(apply::apply))
}
