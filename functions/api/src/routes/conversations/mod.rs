//! The inbox: one conversation with each person, and what came in from nobody we know.

mod inbox;
mod read;
mod reply;
mod unmatched;
mod view;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(inbox::inbox))
        .routes(routes!(reply::reply))
        .routes(routes!(read::read))
        .routes(routes!(unmatched::unmatched))
}
