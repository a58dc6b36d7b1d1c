//! Everything the outside can reach, one line each.

mod twilio;
mod unsubscribe;
mod visit;

use edge::OpenApiRouter;
use platform::Platform;

use crate::form::MOST_BYTES;

pub(crate) fn all() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .merge(twilio::routes())
        .merge(visit::routes())
        .merge(unsubscribe::routes())
        .takes_at_most(MOST_BYTES)
}
