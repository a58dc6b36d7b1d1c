//! Callbacks of providers, and the pages behind the links in messages.

// The futures of a whole function nest deeply.
#![recursion_limit = "512"]

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.queue().secrets()?.platform()))?;
    edge::serve(|| webhooks::open(&platform)).await
}
