//! The minute: finds what is due and pushes it to whoever does it. Carries changed rules into the plans,
//! seals the audit log and does the errands of the wallet.

use audit::SealRequested;
use automations::{
    RuleChanged,
    release::{self, SendingReleased},
    rules, tick,
};
use futures::future::BoxFuture;
use kernel::RawJob;
use platform::{JobFault, Platform, Worked};
use table::ClinicTable;
use wallet::{Hands, Listener, News, Till, WalletErrand};

/// The minute and the planning.
pub struct Work {
    platform: Platform,
    till: Till,
}

/// Writes news of balances and applications into the log.
struct Log;

impl Listener for Log {
    fn hear<'a>(&'a self, table: &'a ClinicTable, news: &'a News) -> BoxFuture<'a, Worked> {
        tracing::warn!(
            clinic.id = %table.clinic(),
            wallet.news = news.name(),
            "a balance or an application needs somebody"
        );
        Box::pin(async { Ok(()) })
    }
}

impl Work {
    /// Ready on a platform.
    pub fn on(platform: &Platform) -> Self {
        Self { platform: platform.clone(), till: Till::new() }
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
        if let Some(Ok(errand)) = job.read::<WalletErrand>() {
            let hands = Hands { till: &self.till, payments: None, listener: &Log };
            return wallet::run(&self.platform.table, &errand, hands).await;
        }
        if let Some(Ok(SendingReleased {})) = job.read::<SendingReleased>() {
            release::run(&self.platform).await?;
            return Ok(());
        }
        Err(JobFault::unknown(&job.r#type))
    }
}
