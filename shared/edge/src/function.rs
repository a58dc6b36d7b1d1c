//! A function as it is called: each call works under a trace, and ends in one line of the log that says what it
//! was, how long it took and what it counted.
//!
//! The line is a sentence with figures for people and, in the embedded metric format, metrics for `CloudWatch`:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
//! One line per call and not per message keeps the log small.

use std::collections::BTreeSet;

use kernel::{Clock, Lane, RawJob};
use platform::{Figures, Invocation, Worked};
use serde_json::{Map, Value, json};
use table::Change;

use crate::work::{self, Record, Stream};

/// Of the lines of a call, how many traces one names when its jobs came from several calls.
const TRACES: usize = 10;
/// A figure that alone says nothing: the projector sees its own writes.
const SEEN: &str = "changes";

/// A function of a stack.
#[derive(Debug, Clone)]
pub struct Function {
    stack: String,
    name: String,
    clock: Clock,
}

impl Function {
    /// The function of that name in a stack.
    pub fn new(stack: impl Into<String>, name: impl Into<String>, clock: Clock) -> Self {
        Self { stack: stack.into(), name: name.into(), clock }
    }

    /// The function that this process is, by the name that Lambda gives it: `STACK-NAME`.
    pub(crate) fn of_environment() -> Self {
        let whole = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        let (stack, name) = whole.rsplit_once('-').unwrap_or(("comms", &whole));
        Self::new(stack, name, Clock::system())
    }

    /// One call with an event of a queue, as Lambda makes it: hands its jobs to the handler and gives back which
    /// of them are to come again. `id` names the call.
    pub async fn jobs<H>(&self, id: &str, lane: Lane, event: Value, handler: &H) -> Value
    where
        H: AsyncFn(Vec<RawJob>) -> Vec<Worked>,
    {
        let event: work::Incoming = serde_json::from_value(event).unwrap_or_default();
        let answer = self.batch(id, lane, event.records.unwrap_or_default(), handler).await;
        serde_json::to_value(answer).unwrap_or_default()
    }

    pub(crate) async fn batch<H>(
        &self,
        id: &str,
        lane: Lane,
        records: Vec<Record>,
        handler: &H,
    ) -> work::Answer
    where
        H: AsyncFn(Vec<RawJob>) -> Vec<Worked>,
    {
        let letters = work::read(records, lane);
        let traces: BTreeSet<&str> = letters.iter().filter_map(|letter| letter.trace.as_deref()).collect();
        // Jobs of one cause carry its trace on; of a mixture each keeps its own, and the line names them.
        let (trace, mixed) = match traces.first() {
            Some(only) if traces.len() == 1 => ((*only).to_owned(), Vec::new()),
            _ => (id.to_owned(), traces.iter().take(TRACES).map(|trace| (*trace).to_owned()).collect()),
        };
        self.call(&trace, "a batch was worked", mixed, work::deliver(handler, letters)).await
    }

    /// One call of the schedule.
    pub async fn tick<T: AsyncFn() -> Worked>(&self, id: &str, tick: &T) -> Worked {
        self.call(id, "the minute was swept", Vec::new(), async {
            let worked = tick().await;
            platform::count(if worked.is_ok() { "ticks" } else { "ticks.failed" }, 1);
            worked
        })
        .await
    }

    /// One call with changes of the table; `Err` if they are to come again.
    pub async fn changes<H>(&self, id: &str, changes: Vec<Change>, handler: &H) -> Worked
    where
        H: AsyncFn(Vec<Change>) -> Worked,
    {
        self.call(id, "changes were followed", Vec::new(), async {
            platform::count(SEEN, changes.len());
            let worked = handler(changes).await;
            if worked.is_err() {
                platform::count("jobs.failed", 1);
            }
            worked
        })
        .await
    }

    pub(crate) async fn stream<H>(&self, id: &str, stream: Stream, handler: &H) -> work::Answer
    where
        H: AsyncFn(Vec<Change>) -> Worked,
    {
        let (first, changes) = stream.changes();
        work::Answer::of_changes(first, self.changes(id, changes, handler).await)
    }

    async fn call<W: Future>(&self, trace: &str, says: &str, traces: Vec<String>, work: W) -> W::Output {
        let call = Invocation::under(trace);
        let began = self.clock.now();
        let done = call.run(work).await;
        let figures = call.figures();
        if figures.keys().any(|name| name != SEEN && name != "aws.calls") {
            let ms = self.clock.now().duration_since(began).as_millis();
            let line = self.line(says, trace, traces, u64::try_from(ms).unwrap_or(0), &figures);
            // The target is what tells the log to write the line as it is.
            tracing::info!(target: crate::log::READY, message = line.as_str());
        }
        done
    }

    fn line(&self, says: &str, trace: &str, traces: Vec<String>, ms: u64, figures: &Figures) -> String {
        let metrics: Vec<_> = figures.keys().map(|name| json!({ "Name": name })).collect();
        let mut line = Map::new();
        line.insert("level".to_owned(), "INFO".into());
        line.insert("message".to_owned(), says.into());
        line.insert("trace".to_owned(), trace.into());
        if !traces.is_empty() {
            line.insert("traces".to_owned(), traces.into());
        }
        line.insert("function".to_owned(), self.name.as_str().into());
        line.insert("ms".to_owned(), ms.into());
        line.extend(figures.iter().map(|(name, value)| (name.to_string(), (*value).into())));
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": self.clock.now().as_millisecond(),
                "CloudWatchMetrics": [
                    { "Namespace": self.stack, "Dimensions": [["function"]], "Metrics": metrics }
                ],
            }),
        );
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::Lines;

    fn function() -> Function {
        let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 7);
        Function::new("comms-test", "sender", clock)
    }

    fn event(traces: &[Option<&str>]) -> Value {
        let body = |trace: Option<&str>| {
            let mut job = json!({ "type": "ring.1", "lane": "outbound", "data": null });
            if let Some(trace) = trace {
                job["trace"] = trace.into();
            }
            job.to_string()
        };
        let records: Vec<_> = traces
            .iter()
            .enumerate()
            .map(|(n, trace)| {
                json!({ "messageId": n.to_string(), "body": body(*trace),
                    "attributes": { "ApproximateReceiveCount": if n == 0 { "3" } else { "1" } } })
            })
            .collect();
        json!({ "Records": records })
    }

    #[tokio::test]
    async fn a_batch_is_one_line_with_its_metrics() {
        let lines = Lines::default();
        let _log = lines.taken();
        let handler = async |jobs: Vec<RawJob>| {
            tracing::warn!(message.id = "msg_1", "a provider gave no answer");
            assert_eq!(platform::trace().as_deref(), Some("tick-1"));
            jobs.iter().map(|_| Ok(())).collect()
        };
        let event = event(&[Some("tick-1"), Some("tick-1")]);
        let answer = function().jobs("call-1", Lane::Outbound, event, &handler).await;
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        let [warned, line] = &lines.json()[..] else { panic!("{}", lines.text()) };
        let expected = json!({ "level": "WARN", "message": "a provider gave no answer",
            "message.id": "msg_1", "trace": "tick-1" });
        assert_eq!(*warned, expected);
        let expected = json!({ "level": "INFO", "message": "a batch was worked", "trace": "tick-1",
            "function": "sender", "ms": 0, "jobs": 2, "jobs.again": 1,
            "_aws": { "Timestamp": 1_795_334_400_000_u64, "CloudWatchMetrics": [{ "Namespace": "comms-test",
                "Dimensions": [["function"]], "Metrics": [{ "Name": "jobs" }, { "Name": "jobs.again" }] }] } });
        assert_eq!(*line, expected);
    }

    #[tokio::test]
    async fn jobs_of_several_causes_are_worked_under_the_call_and_name_them() {
        let lines = Lines::default();
        let _log = lines.taken();
        let handler = async |jobs: Vec<RawJob>| {
            assert_eq!(platform::trace().as_deref(), Some("call-1"));
            jobs.iter().map(|_| Err(platform::JobFault::unknown("ring.1"))).collect()
        };
        let event = event(&[Some("tick-1"), Some("req-2"), None]);
        let answer = function().jobs("call-1", Lane::Outbound, event, &handler).await;
        assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 3);
        let said = lines.json();
        let of_jobs: Vec<_> = said[..3].iter().map(|line| line["job.trace"].as_str()).collect();
        assert_eq!(of_jobs, [Some("tick-1"), Some("req-2"), None], "each failure names what caused its job");
        assert_eq!(said[3]["traces"], json!(["req-2", "tick-1"]));
        assert_eq!((&said[3]["jobs"], &said[3]["jobs.failed"]), (&json!(3), &json!(3)));
    }

    #[tokio::test]
    async fn a_call_that_only_saw_its_own_writes_says_nothing() {
        let lines = Lines::default();
        let _log = lines.taken();
        let ok = async |_| Ok(());
        function().changes("call-1", Vec::new(), &ok).await.unwrap();
        assert_eq!(lines.text(), "");
        function().tick("call-2", &async || Ok(())).await.unwrap();
        assert_eq!(lines.json()[0]["ticks"], 1);
    }
}
