//! Calls of Vonage: how texts of a clinic's own account fare, and texts of others to its numbers.

mod call;

use edge::{OpenApiRouter, routes};
use platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(call::call))
}
