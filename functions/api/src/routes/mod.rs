//! Every thing of the API, one line each.

mod about;
mod accounts;
mod appointments;
mod audit;
mod clinic;
mod consents;
mod conversations;
mod events;
mod figures;
mod imports;
mod locations;
mod me;
mod messages;
mod mirror;
mod not_sent;
mod people;
mod practitioners;
mod preferences;
mod reminder_rules;
mod roles;
mod settings;
mod suppressions;
mod tasks;
mod templates;

use edge::OpenApiRouter;
use platform::Platform;

pub(crate) fn all() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .merge(about::routes())
        .merge(accounts::routes())
        .merge(appointments::routes())
        .merge(audit::routes())
        .merge(clinic::routes())
        .merge(consents::routes())
        .merge(conversations::routes())
        .merge(events::routes())
        .merge(figures::routes())
        .merge(imports::routes())
        .merge(locations::routes())
        .merge(me::routes())
        .merge(messages::routes())
        .merge(mirror::routes())
        .merge(not_sent::routes())
        .merge(people::routes())
        .merge(practitioners::routes())
        .merge(preferences::routes())
        .merge(reminder_rules::routes())
        .merge(roles::routes())
        .merge(settings::routes())
        .merge(suppressions::routes())
        .merge(tasks::routes())
        .merge(templates::routes())
}
