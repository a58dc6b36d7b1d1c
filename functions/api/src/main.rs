//! The HTTP API for the staff of clinics, behind the gateway's authorizer.

// The futures of a whole function nest deeply.
#![recursion_limit = "512"]

use edge::Callers;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.queue().files()?.platform()))?;
    edge::serve(|| api::open(&platform, Callers::Authorizer)).await
}
