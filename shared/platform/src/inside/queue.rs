//! A queue in memory with the manners of SQS: at least once, redelivery, a dead-letter list.
//!
//! What is in it dies with the process. That is what it is for: the due buckets are the memory, a push is a
//! hint.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::BoxFuture;
use kernel::{Lane, RawJob};
use tokio::sync::Notify;

use crate::{JobFault, PlatformFault, Queue, Redelivery, Worked};

/// The queues of all lanes.
#[derive(Clone, Default)]
pub struct InsideQueue(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lanes: Mutex<HashMap<Lane, VecDeque<Delivery>>>,
    dead: Mutex<Vec<(RawJob, JobFault)>>,
    taken: AtomicUsize,
    news: Notify,
}

/// A job and how often it was tried before.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The job.
    pub job: RawJob,
    /// Tries so far.
    pub tries: u32,
    /// The trace of the call that pushed it.
    pub trace: Option<String>,
}

impl InsideQueue {
    /// Empty queues.
    pub fn new() -> Self {
        Self::default()
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<Lane, VecDeque<Delivery>>> {
        self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up to `most` jobs of a lane, without waiting.
    pub fn take(&self, lane: Lane, most: usize) -> Vec<Delivery> {
        let mut lanes = self.lanes();
        let Some(waiting) = lanes.get_mut(&lane) else { return Vec::new() };
        let many = waiting.len().min(most);
        self.0.taken.fetch_add(many, Ordering::AcqRel);
        waiting.drain(..many).collect()
    }

    /// Says what became of jobs that were taken: failures come back at the end of the queue or, tried too
    /// often, are put aside.
    pub fn settle(&self, worked: Vec<(Delivery, Worked)>) {
        let many = worked.len();
        for (delivery, worked) in worked {
            let Err(fault) = worked else { continue };
            let tries = delivery.tries + 1;
            if tries < Redelivery::of(delivery.job.lane).tries {
                tracing::warn!(job.r#type = %delivery.job.r#type, job.tries = tries, job.fault = fault.code, "a job failed and comes back");
                let again = Delivery { tries, ..delivery };
                self.lanes().entry(again.job.lane).or_default().push_back(again);
            } else {
                tracing::error!(job.r#type = %delivery.job.r#type, job.fault = fault.code, "a job failed too often and was put aside");
                self.0.dead.lock().unwrap_or_else(PoisonError::into_inner).push((delivery.job, fault));
            }
        }
        self.0.taken.fetch_sub(many, Ordering::AcqRel);
    }

    /// Whether nothing waits and nothing is being worked at.
    pub fn is_idle(&self) -> bool {
        self.0.taken.load(Ordering::Acquire) == 0 && self.waiting() == 0
    }

    /// Jobs that wait, in all lanes.
    pub fn waiting(&self) -> usize {
        self.lanes().values().map(VecDeque::len).sum()
    }

    /// Jobs that failed too often, with their last fault.
    pub fn dead(&self) -> Vec<(RawJob, JobFault)> {
        self.0.dead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until something was pushed.
    pub async fn news(&self) {
        self.0.news.notified().await;
    }
}

impl Queue for InsideQueue {
    fn push<'a>(&'a self, jobs: &'a [RawJob]) -> BoxFuture<'a, Result<(), PlatformFault>> {
        {
            let mut lanes = self.lanes();
            for job in jobs {
                let delivery = Delivery { job: job.clone(), tries: 0, trace: crate::trace() };
                lanes.entry(job.lane).or_default().push_back(delivery);
            }
        }
        crate::count("jobs.pushed", jobs.len());
        self.0.news.notify_waiters();
        self.0.news.notify_one();
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Kind;

    #[tokio::test]
    async fn a_failing_job_comes_back_and_is_put_aside_in_the_end() {
        let queue = InsideQueue::new();
        let job = RawJob { r#type: "ring.1".to_owned(), lane: Lane::Outbound, data: serde_json::Value::Null };
        queue.push(&[job]).await.unwrap();
        assert!(queue.take(Lane::Inbound, 10).is_empty());
        for _ in 0..Redelivery::of(Lane::Outbound).tries {
            let taken = queue.take(Lane::Outbound, 10);
            assert_eq!(taken.len(), 1);
            let fault = JobFault { kind: Kind::Unavailable, code: "away", says: String::new() };
            queue.settle(taken.into_iter().map(|one| (one, Err(fault.clone()))).collect());
        }
        assert_eq!((queue.is_idle(), queue.dead().len()), (true, 1));
    }
}
