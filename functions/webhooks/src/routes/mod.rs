//! Everything the outside can reach, one line each.

mod twilio;
mod unsubscribe;
mod visit;

use axum::extract::DefaultBodyLimit;
use platform::Platform;
use utoipa_axum::router::OpenApiRouter;

use crate::form::MOST_BYTES;

pub(crate) fn all() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .merge(twilio::routes())
        .merge(visit::routes())
        .merge(unsubscribe::routes())
        .layer(DefaultBodyLimit::max(MOST_BYTES))
}
