//! One call of a function: the trace it works under, and what it counts.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kernel::{Lane, RawJob};
use serde::{Deserialize, Serialize};

tokio::task_local! {
    static CURRENT: Invocation;
}

/// Figures of one call, by name.
pub type Figures = BTreeMap<Cow<'static, str>, u64>;

/// One call of a function. Whatever runs inside of it writes the same trace into its log lines and onto the jobs
/// it pushes, and counts into the same figures. Handles share one call.
#[derive(Debug, Clone)]
pub struct Invocation(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    trace: String,
    figures: Mutex<Figures>,
}

impl Invocation {
    /// A call under the trace of what caused it.
    pub fn under(trace: impl Into<String>) -> Self {
        Self(Arc::new(Inner { trace: trace.into(), figures: Mutex::default() }))
    }

    /// Does the work of the call.
    pub async fn run<W: Future>(&self, work: W) -> W::Output {
        CURRENT.scope(self.clone(), work).await
    }

    /// What it counted so far.
    pub fn figures(&self) -> Figures {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The trace of the call that runs now, if one does.
pub fn trace() -> Option<String> {
    CURRENT.try_with(|call| call.0.trace.clone()).ok()
}

/// Adds to a figure of the call that runs now; outside of a call nothing is counted.
pub fn count(name: impl Into<Cow<'static, str>>, by: usize) {
    note(name.into(), by, u64::saturating_add);
}

/// Raises a figure of the call that runs now to `value`, if it is below.
pub fn highest(name: impl Into<Cow<'static, str>>, value: usize) {
    note(name.into(), value, u64::max);
}

fn note(name: Cow<'static, str>, value: usize, join: impl FnOnce(u64, u64) -> u64) {
    let _ = CURRENT.try_with(|call| {
        let mut figures = call.lock();
        let figure = figures.entry(name).or_default();
        *figure = join(*figure, u64::try_from(value).unwrap_or(u64::MAX));
    });
}

/// A job as a queue carries it: with the trace of the call that pushed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Name and version.
    pub r#type: String,
    /// The queue that carries it.
    pub lane: Lane,
    /// The content.
    pub data: serde_json::Value,
    /// The trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Envelope {
    /// A job on its way out of the call that runs now.
    pub fn around(job: &RawJob) -> Self {
        Self { r#type: job.r#type.clone(), lane: job.lane, data: job.data.clone(), trace: trace() }
    }

    /// The job and the trace.
    pub fn open(self) -> (RawJob, Option<String>) {
        (RawJob { r#type: self.r#type, lane: self.lane, data: self.data }, self.trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_that_run_side_by_side_count_for_themselves() {
        let (one, two) = (Invocation::under("one"), Invocation::under("two"));
        let work = async |by| {
            count("jobs", by);
            tokio::task::yield_now().await;
            count("jobs", by);
            highest("late", by);
            highest("late", 1);
            trace()
        };
        let traces = tokio::join!(one.run(work(2)), two.run(work(5)));
        assert_eq!(traces, (Some("one".to_owned()), Some("two".to_owned())));
        let figures = |jobs, late| Figures::from([("jobs".into(), jobs), ("late".into(), late)]);
        assert_eq!((one.figures(), two.figures()), (figures(4, 2), figures(10, 5)));
    }

    #[tokio::test]
    async fn a_job_carries_the_trace_of_the_call_that_pushed_it() {
        let job = RawJob { r#type: "ring.1".to_owned(), lane: Lane::Outbound, data: serde_json::Value::Null };
        assert_eq!(trace(), None);
        count("jobs", 1);
        let envelope = Invocation::under("tick-7").run(async { Envelope::around(&job) }).await;
        let wire = serde_json::to_string(&envelope).unwrap();
        assert_eq!(wire, r#"{"type":"ring.1","lane":"outbound","data":null,"trace":"tick-7"}"#);
        let read: Envelope = serde_json::from_str(&wire).unwrap();
        assert_eq!(read.open(), (job.clone(), Some("tick-7".to_owned())));
        // What lies in a queue since before there were traces.
        let old = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<Envelope>(&old).unwrap().open(), (job, None));
    }
}
