//! Where events of mails go.

use futures::future::BoxFuture;

use super::event::{self, Published};
use crate::simulators::{Simulators, fact::Fact};

/// The other side did not take an event; it is tried again.
#[derive(Debug, thiserror::Error)]
#[error("the event was not taken: {0}")]
pub struct NotTaken(pub String);

/// Takes events of mails: a queue in the same process, or an SNS topic.
pub trait EventSink: Send + Sync + 'static {
    /// Hands an event on. It may come again with the same ids.
    fn publish(&self, event: Published) -> BoxFuture<'_, Result<(), NotTaken>>;
}

impl<F> EventSink for F
where
    F: Fn(Published) -> BoxFuture<'static, Result<(), NotTaken>> + Send + Sync + 'static,
{
    fn publish(&self, event: Published) -> BoxFuture<'_, Result<(), NotTaken>> {
        self(event)
    }
}

/// Hands on the events of a mail, from where an earlier run left off.
pub(in crate::simulators) async fn tell(simulators: Simulators, id: String) {
    let settings = &simulators.0.settings;
    loop {
        tokio::time::sleep(settings.step).await;
        let (published, told) = {
            let books = simulators.books();
            let Some(mailed) = books.state.mailed(&id) else { return };
            let now = simulators.0.clock.now();
            let event = event::published(&settings.topic, &mailed.mail, mailed.told, mailed.at, now);
            let Some(event) = event else { return };
            (event, mailed.told)
        };
        let mut pause = settings.retry;
        let mut taken = false;
        for attempt in 1..=settings.tries {
            match simulators.0.sink.publish(published.clone()).await {
                Ok(()) => {
                    taken = true;
                    break;
                }
                Err(error) => tracing::warn!(%error, attempt, "a mail event was not taken"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        if let Err(error) = simulators.record(Fact::MailTold { id: id.clone(), told: told + 1, taken }) {
            tracing::error!(%error, "a mail event is not written down; the next start repeats it");
            return;
        }
    }
}
