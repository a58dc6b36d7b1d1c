//! The minute: finds what is due and pushes it to whoever does it. Carries changed rules into the plans, and
//! seals the audit log.

// The futures of a whole function nest deeply.
#![recursion_limit = "512"]

use kernel::Lane;
use reminders::Work;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.queue().platform()))?;
    let work = Work::on(&platform);
    let tick = async || work.tick().await;
    Box::pin(edge::jobs_and_tick(Lane::Reminders, async |jobs| work.run(jobs).await, tick)).await
}
