//! Links by which patients answer about a visit.

mod answer;
mod gone;
mod keys;
mod page;
mod show;

use platform::Platform;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(show::show, answer::answer))
}
