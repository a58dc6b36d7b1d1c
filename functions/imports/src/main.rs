//! Carries imports on, stretch by stretch.

// The futures of a whole function nest deeply.
#![recursion_limit = "512"]

use imports::Work;
use kernel::Lane;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.queue().files()?.platform()))?;
    let work = Work::on(&platform);
    Box::pin(edge::jobs(Lane::Imports, async |jobs| work.run(jobs).await)).await
}
