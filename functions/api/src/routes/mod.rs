//! Every thing of the API, one line each.

mod about;
mod audit;
mod me;
mod roles;

use platform::Platform;
use utoipa_axum::router::OpenApiRouter;

pub(crate) fn all() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .merge(about::routes())
        .merge(audit::routes())
        .merge(me::routes())
        .merge(roles::routes())
}
