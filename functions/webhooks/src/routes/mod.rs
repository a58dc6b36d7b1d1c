//! Everything the outside can reach, one line each.

mod callback;
mod sendgrid;
mod twilio;
mod unsubscribe;
mod visit;
mod vonage;

use edge::OpenApiRouter;
use platform::Platform;

use crate::form::{MOST_BYTES, MOST_BYTES_OF_EVENTS};

pub(crate) fn all() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .merge(twilio::routes())
        .merge(vonage::routes())
        .merge(visit::routes())
        .merge(unsubscribe::routes())
        .takes_at_most(MOST_BYTES)
        .merge(sendgrid::routes().takes_at_most(MOST_BYTES_OF_EVENTS))
}
