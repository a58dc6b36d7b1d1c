//! What a clinic sets for itself about consent and about what its channels may carry.

mod ceilings;
mod consent;
mod set_ceilings;
mod set_consent;
mod show_ceilings;
mod show_consent;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(show_consent::show_consent, set_consent::set_consent))
        .routes(routes!(show_ceilings::show_ceilings, set_ceilings::set_ceilings))
}
