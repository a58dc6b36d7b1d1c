//! What comes from outside without a login: callbacks of providers, and answers through the links in messages.
//!
//! Nothing is believed before it is verified: a callback by its signature, a link by its token. Reading a page
//! changes nothing; only a POST does.

mod form;
mod page;
mod routes;

use axum::Router;
use edge::{Callers, Door, DoorFault, OpenApiRouter};
use platform::Platform;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(info(
    title = "Callbacks and links",
    description = "What providers call and what patients follow. Callbacks are signed by the provider, links \
                   carry a token.",
    license(name = "proprietary")
))]
struct Outside;

/// Every route with its documentation, without the door in front.
pub fn router(platform: &Platform) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Outside::openapi).merge(routes::all()).with_state(platform.clone())
}

/// All of it behind its door. Needs the table, the queue and the secrets `twilio-hook` (one auth token, or two
/// with a comma between while it is being changed), `links`, and those of clinics' own accounts.
pub fn open(platform: &Platform) -> Result<Router, DoorFault> {
    Door::new(platform, Callers::Nobody).open(router(platform))
}
