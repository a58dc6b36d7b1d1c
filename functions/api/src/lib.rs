//! The HTTP API for the staff of clinics.
//!
//! One file per operation under `routes/<thing>/<verb>.rs`, one line per thing in `routes/mod.rs`. The README of
//! this folder says how to add one.

mod routes;
#[cfg(test)]
mod testing;
mod words;

use axum::Router;
use edge::{Callers, Door, DoorFault, OpenApiRouter};
use platform::Platform;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(info(
    title = "Patient communication",
    description = "What the staff of a clinic and its systems can do. Lists come in pages with a cursor; creates \
                   take an `Idempotency-Key`, updates need `If-Match`; failures are RFC 9457 problems.",
    license(name = "proprietary")
))]
struct Api;

/// Every route with its documentation, without the door in front.
pub fn router(platform: &Platform) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Api::openapi).merge(routes::all()).with_state(platform.clone())
}

/// The whole API behind its door.
pub fn open(platform: &Platform, callers: Callers) -> Result<Router, DoorFault> {
    Door::new(platform, callers).open(router(platform))
}
