//! Carries imports on, stretch by stretch.

use imports::Work;
use kernel::Lane;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.queue().files()?.platform()))?;
    let work = Work::on(&platform);
    edge::jobs(Lane::Imports, async |jobs| work.run(jobs).await).await
}
