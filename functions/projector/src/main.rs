//! Follows the changes of the table: conversation heads, figures, caps, and what the audit log has to seal.

// The futures of a whole function nest deeply.
#![recursion_limit = "512"]

use projector::Work;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.platform()))?;
    let work = Work::on(&platform);
    edge::stream(async |changes| Box::pin(work.run(changes)).await).await
}
