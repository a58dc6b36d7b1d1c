//! Takes in what came back: replies, bounces and other mail events, and what they say about addresses.

// The futures of a whole function nest deeply.
#![recursion_limit = "512"]

use inbound::Work;
use kernel::Lane;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.queue().platform()))?;
    let work = Work::on(&platform);
    edge::jobs(Lane::Inbound, async |jobs| Box::pin(work.run(jobs)).await).await
}
