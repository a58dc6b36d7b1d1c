//! The minute: finds what is due and pushes it to whoever does it. Carries changed rules into the plans, and
//! seals the audit log.

use audit::SealRequested;
use automations::{RuleChanged, rules, tick};
use kernel::RawJob;
use platform::{JobFault, Platform, Worked};

/// The minute and the planning.
pub struct Work {
    platform: Platform,
}

impl Work {
    /// Ready on a platform.
    pub fn on(platform: &Platform) -> Self {
        Self { platform: platform.clone() }
    }

    /// One minute.
    pub async fn tick(&self) -> Worked {
        tick::run(&self.platform).await?;
        Ok(())
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
        if let Some(Ok(changed)) = job.read::<RuleChanged>() {
            return Ok(rules::run(&self.platform, &changed).await?);
        }
        if let Some(Ok(seal)) = job.read::<SealRequested>() {
            audit::seal(&self.platform.table.of(seal.clinic)).await?;
            return Ok(());
        }
        Err(JobFault::unknown(&job.r#type))
    }
}
