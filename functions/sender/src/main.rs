//! Sends the messages that the outbound queue asks for.

use kernel::Lane;
use sender::Work;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let platform = edge::start(|| Ok::<_, edge::Error>(aws::begin()?.queue().secrets()?.http().platform()))?;
    let work = Work::on(&platform);
    edge::jobs(Lane::Outbound, async |jobs| work.run(jobs).await).await
}
