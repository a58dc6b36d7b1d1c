//! What a person opens in a browser: the start page, the phone and mailbox page, the API docs. Everything is in
//! the binary; nothing is fetched from elsewhere.

mod docs;
mod files;
mod start;

use axum::{Router, middleware};

pub use self::start::{Fact, Holdings};
use crate::loopback;

/// `/`, `/phone`, `/docs` and their files. `title` names the product's demo on the pages; `holdings` tells what
/// the demo clinic holds; `openapi` is the address of the API's document.
pub fn router(holdings: impl Holdings, openapi: &'static str) -> Router {
    files::routes()
        .merge(start::routes(holdings))
        .layer(middleware::from_fn(loopback::only))
        .merge(docs::routes(openapi))
}

/// `/phone` alone, for where the rest of the product runs elsewhere.
pub fn phone() -> Router {
    files::phone().layer(middleware::from_fn(loopback::only))
}
