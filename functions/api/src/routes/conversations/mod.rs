//! The inbox: one conversation with each person, and what came in from nobody we know.

mod inbox;
mod read;
mod reply;
mod unmatched;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(inbox::inbox))
        .routes(routes!(reply::reply))
        .routes(routes!(read::read))
        .routes(routes!(unmatched::unmatched))
}
