//! Uploads of clients: what the signed addresses of S3 are in the cloud.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    middleware, routing,
};
use platform::{Platform, PlatformFault};

use crate::loopback;

/// Where uploads go; the key follows.
pub(super) const PATH: &str = "/dev/files";
/// The largest file an import takes.
const LARGEST: usize = 50 * 1024 * 1024;

pub(super) fn routes(platform: &Platform) -> Router {
    Router::new()
        .route(&format!("{PATH}/{{*key}}"), routing::put(put))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::from_fn(loopback::only))
        .with_state(platform.clone())
}

async fn put(State(platform): State<Platform>, Path(key): Path<String>, bytes: Bytes) -> StatusCode {
    match platform.files.put(&key, bytes).await {
        Ok(()) => StatusCode::OK,
        Err(PlatformFault::Absent { .. }) => StatusCode::NOT_FOUND,
        Err(fault) => {
            tracing::error!(fault = %fault, "an upload was not kept");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
