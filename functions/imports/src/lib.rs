//! Works with files: carries imports on, stretch by stretch, and lays sealed stretches of the audit log down in the
//! archive.

use audit::ArchiveRequested;
use automations::Reminders;
use kernel::RawJob;
use people::imports::{self, ImportContinues};
use platform::{JobFault, Platform, PlatformFault, Worked};

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
        if let Some(Ok(wanted)) = job.read::<ArchiveRequested>() {
            return self.archive(&wanted).await;
        }
        let Some(Ok(goes_on)) = job.read::<ImportContinues>() else {
            return Err(JobFault::unknown(&job.r#type));
        };
        let reminders = Reminders::for_batch(&self.platform.table.of(goes_on.clinic)).await?;
        imports::work(&self.platform, &reminders, &goes_on).await?;
        Ok(())
    }

    /// Lays down a sealed stretch. Again is the same file.
    async fn archive(&self, wanted: &ArchiveRequested) -> Worked {
        let table = self.platform.table.of(wanted.clinic);
        let Some(stretch) = audit::stretch(&table, wanted.seal).await? else { return Ok(()) };
        let bytes = serde_json::to_vec(&stretch).unwrap_or_default();
        match self.platform.files.put(&stretch.file(wanted.clinic), bytes.into()).await {
            // A platform without files keeps no archive.
            Ok(()) | Err(PlatformFault::Absent { .. }) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}
