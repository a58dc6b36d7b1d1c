//! What people have agreed to and ended, and what may be sent to them because of it.

mod allowed;
mod explain;
mod list;
mod readers;
mod record;
mod standing;
#[cfg(test)]
pub(in crate::routes) mod testing;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(in crate::routes) use readers::{Readers, known};
pub(in crate::routes) use standing::StandingView;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list, record::record))
        .routes(routes!(allowed::allowed))
        .routes(routes!(explain::explain))
}
