//! Carries imports on, stretch by stretch.

use automations::Reminders;
use kernel::RawJob;
use people::imports::{self, ImportContinues};
use platform::{JobFault, Platform, Worked};

/// Imports on a platform.
pub struct Work {
    platform: Platform,
}

impl Work {
    /// Ready on a platform.
    pub fn on(platform: &Platform) -> Self {
        Self { platform: platform.clone() }
    }

    /// Does a batch of jobs; the answer stands in their order.
    pub async fn run(&self, jobs: Vec<RawJob>) -> Vec<Worked> {
        let mut worked = Vec::with_capacity(jobs.len());
        for job in &jobs {
            worked.push(self.one(job).await);
        }
        worked
    }

    async fn one(&self, job: &RawJob) -> Worked {
        let Some(Ok(goes_on)) = job.read::<ImportContinues>() else {
            return Err(JobFault::unknown(&job.r#type));
        };
        let reminders = Reminders::for_batch(&self.platform.table.of(goes_on.clinic)).await?;
        imports::work(&self.platform, &reminders, &goes_on).await?;
        Ok(())
    }
}
