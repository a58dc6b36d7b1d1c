//! Messages to one person, and what became of them.

mod cancel;
pub(super) mod compose;
mod create;
mod history;
mod of_person;
mod reschedule;
mod resend;
mod show;
mod take_out;
pub(super) mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(create::create, history::history))
        .routes(routes!(show::show, reschedule::reschedule))
        .routes(routes!(cancel::cancel))
        .routes(routes!(resend::resend))
        .routes(routes!(take_out::take_out))
        .routes(routes!(of_person::of_person))
}
