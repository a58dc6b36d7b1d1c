//! Visits, and the reminders of each.

mod cancel_reminder;
mod confirm;
mod list;
mod r#move;
mod reminders;
mod send_reminder;
mod set_status;
mod show;
mod view;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show::show))
        .routes(routes!(confirm::confirm))
        .routes(routes!(set_status::set_status))
        .routes(routes!(r#move::r#move))
        .routes(routes!(reminders::reminders))
        .routes(routes!(send_reminder::send_reminder))
        .routes(routes!(cancel_reminder::cancel_reminder))
}
