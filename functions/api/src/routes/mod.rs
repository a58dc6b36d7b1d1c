//! Every thing of the API, one line each.

mod about;
mod audit;
mod consents;
mod conversations;
mod figures;
mod me;
mod messages;
mod not_sent;
mod people;
mod preferences;
mod roles;
mod settings;
mod suppressions;
mod tasks;
mod templates;

use platform::Platform;
use utoipa_axum::router::OpenApiRouter;

pub(crate) fn all() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .merge(about::routes())
        .merge(audit::routes())
        .merge(consents::routes())
        .merge(conversations::routes())
        .merge(figures::routes())
        .merge(me::routes())
        .merge(messages::routes())
        .merge(not_sent::routes())
        .merge(preferences::routes())
        .merge(roles::routes())
        .merge(settings::routes())
        .merge(suppressions::routes())
        .merge(tasks::routes())
        .merge(templates::routes())
}
