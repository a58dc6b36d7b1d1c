//! The functions that work from queues, each at its own, and the minute.

use std::{sync::Arc, time::Duration};

use kernel::{Lane, RawJob};
use platform::{Platform, Worked, inside::InsideQueue};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};

/// What SQS hands to a function at a time.
const BATCH: usize = 10;
/// How long a failed job waits before it comes again.
const PAUSE: Duration = Duration::from_millis(250);

struct Functions {
    sender: sender::Work,
    inbound: inbound::Work,
    imports: imports::Work,
    reminders: reminders::Work,
}

/// All workers. Cloning gives another handle.
#[derive(Clone)]
pub(super) struct Workers {
    functions: Arc<Functions>,
    queue: InsideQueue,
    ticking: Arc<Mutex<()>>,
}

impl Workers {
    pub(super) fn new(platform: &Platform, queue: &InsideQueue) -> Self {
        let functions = Functions {
            sender: sender::Work::on(platform),
            inbound: inbound::Work::on(platform),
            imports: imports::Work::on(platform),
            reminders: reminders::Work::on(platform),
        };
        Self { functions: Arc::new(functions), queue: queue.clone(), ticking: Arc::default() }
    }

    /// One worker per lane, until told to stop; a batch that was taken is ended first.
    pub(super) fn spawn(&self, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        Lane::ALL
            .into_iter()
            .map(|lane| {
                let (workers, mut stopped) = (self.clone(), stopped.clone());
                tokio::spawn(async move {
                    while !*stopped.borrow() {
                        if workers.batch(lane).await {
                            continue;
                        }
                        tokio::select! {
                            _ = stopped.wait_for(|stop| *stop) => {}
                            () = workers.queue.news() => {}
                            () = tokio::time::sleep(Duration::from_millis(500)) => {}
                        }
                    }
                })
            })
            .collect()
    }

    /// Takes a batch of a lane and works at it; whether there was one.
    async fn batch(&self, lane: Lane) -> bool {
        let taken = self.queue.take(lane, BATCH);
        if taken.is_empty() {
            return false;
        }
        let jobs: Vec<RawJob> = taken.iter().map(|delivery| delivery.job.clone()).collect();
        let worked: Vec<Worked> = match lane {
            Lane::Outbound => self.functions.sender.run(jobs).await,
            Lane::Inbound => self.functions.inbound.run(jobs).await,
            Lane::Imports => self.functions.imports.run(jobs).await,
            Lane::Reminders => self.functions.reminders.run(jobs).await,
        };
        if worked.iter().any(Result::is_err) {
            tokio::time::sleep(PAUSE).await;
        }
        self.queue.settle(taken.into_iter().zip(worked).collect());
        true
    }

    /// Sweeps what is due.
    pub(super) async fn tick(&self) {
        let _one_at_a_time = self.ticking.lock().await;
        if let Err(fault) = self.functions.reminders.tick().await {
            tracing::error!(fault = %fault, "the minute was not swept; the next one begins where it did");
        }
    }

    /// Sweeps what is due and waits until it is done, for a clock that is being moved.
    pub(super) async fn minute(&self) {
        self.tick().await;
        // A worker that hangs on a slow provider must not hold up the clock for ever.
        for _ in 0..2_000 {
            if self.queue.is_idle() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
