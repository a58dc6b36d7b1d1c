//! Sends the messages that the outbound queue asks for.

// The futures of a whole function nest deeply.
#![recursion_limit = "512"]

use kernel::Lane;
use sender::Work;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.secrets()?.http().platform()))?;
    let work = Work::on(&platform);
    edge::jobs(Lane::Outbound, async |jobs| Box::pin(work.run(jobs)).await).await
}
