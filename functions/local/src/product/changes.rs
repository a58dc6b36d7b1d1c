//! The stream of the table's changes, to the projector.

use std::{path::PathBuf, time::Duration};

use embedded::Embedded;
use platform::Platform;
use tokio::{sync::watch, task::JoinHandle};

/// Between two looks at the stream.
const PAUSE: Duration = Duration::from_millis(150);

/// Follows the stream until told to stop. The place is kept after the work: who is killed in between follows
/// the same changes again.
pub(super) fn follow(
    embedded: Embedded,
    platform: &Platform,
    place: PathBuf,
    mut stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let work = projector::Work::on(platform);
    tokio::spawn(async move {
        let mut at = std::fs::read_to_string(&place).ok().filter(|text| !text.is_empty());
        while !*stopped.borrow() {
            match embedded.changes(at.as_deref()) {
                Ok((changes, next)) if changes.is_empty() => {
                    at = next.or(at);
                    tokio::select! {
                        _ = stopped.wait_for(|stop| *stop) => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
                Ok((changes, next)) => match work.run(changes).await {
                    Ok(()) => {
                        at = next.or(at);
                        keep(&place, at.as_deref().unwrap_or_default());
                    }
                    Err(fault) => {
                        tracing::warn!(fault = %fault, "changes were not followed and come again");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                Err(fault) => {
                    // A place that the stream no longer knows: what it still has is followed from its beginning.
                    tracing::warn!(fault = %fault, "the stream of changes is begun anew");
                    at = None;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

fn keep(place: &PathBuf, at: &str) {
    let aside = place.with_extension("new");
    let kept = std::fs::write(&aside, at).and_then(|()| std::fs::rename(&aside, place));
    if let Err(error) = kept {
        tracing::warn!(%error, "the place in the stream was not kept; some changes will be followed again");
    }
}
