//! Takes in what came back: replies, bounces and other mail events, and what they say about addresses.

use automations::Reminders;
use kernel::RawJob;
use messaging::{
    address_failed,
    inbound::{self, InboundReceived},
    receipt::{self, AddressFailed},
};
use platform::{JobFault, Platform, Worked};
use providers::{Event, Hook, RawCall, SesHook};

/// What came back, applied.
pub struct Work {
    platform: Platform,
    mail: SesHook,
}

impl Work {
    /// Ready on a platform.
    pub fn on(platform: &Platform) -> Self {
        let mail = SesHook::new(&platform.settings.ses_topic_arn);
        Self { platform: platform.clone(), mail }
    }

    /// Does a batch of jobs; the answer stands in their order. Replies of one person must not overtake each
    /// other within a batch, so they are taken in one after the other.
    pub async fn run(&self, jobs: Vec<RawJob>) -> Vec<Worked> {
        let mut worked = Vec::with_capacity(jobs.len());
        for job in &jobs {
            worked.push(self.one(job).await);
        }
        worked
    }

    async fn one(&self, job: &RawJob) -> Worked {
        if let Some(Ok(received)) = job.read::<InboundReceived>() {
            let reminders = Reminders::of(&self.platform.table.of(received.clinic));
            return Ok(inbound::take(&self.platform, &reminders, &received).await?);
        }
        if let Some(Ok(failed)) = job.read::<AddressFailed>() {
            return address_failed(&self.platform, failed).await;
        }
        if job.r#type == edge::OUTSIDE {
            return self.mail_event(job).await;
        }
        Err(JobFault::unknown(&job.r#type))
    }

    /// A notice of the topic that carries the events of our mail.
    async fn mail_event(&self, job: &RawJob) -> Worked {
        let body = serde_json::to_vec(&job.data).unwrap_or_default();
        let call = RawCall::queued(body);
        let verified = self.mail.verify(&call)?;
        for event in self.mail.events(&verified)? {
            if let Event::Receipt(told) = event {
                receipt::apply(&self.platform, &told).await?;
            }
        }
        Ok(())
    }
}
