//! What Lambda hands to a function that does not speak HTTP: queue records, table changes, the tick.

use kernel::{Lane, RawJob};
use platform::{Envelope, JobFault, Worked};
use serde::{Deserialize, Serialize};
use table::Change;

/// The type that a queue record gets which is a JSON object but none of our jobs: what others put into our
/// queues, such as notifications of a topic. Its content is the whole record.
pub const OUTSIDE: &str = "outside.1";

/// Records of a queue, of a stream, or neither: then it is the schedule that calls.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Incoming {
    #[serde(rename = "Records")]
    pub(crate) records: Option<Vec<Record>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    #[serde(default)]
    message_id: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    #[serde(default)]
    approximate_receive_count: String,
}

/// What came in a record.
#[derive(Debug)]
pub(crate) struct Letter {
    id: String,
    /// How often it was handed out; 1 for the first time.
    times: String,
    /// `None` if it cannot be read.
    job: Option<RawJob>,
    /// The trace of the call that pushed it.
    pub(crate) trace: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Stream {
    #[serde(rename = "Records", default)]
    pub(crate) records: Vec<StreamRecord>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct StreamRecord {
    dynamodb: Images,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Images {
    #[serde(default)]
    new_image: Option<serde_dynamo::Item>,
    #[serde(default)]
    old_image: Option<serde_dynamo::Item>,
    #[serde(default)]
    sequence_number: String,
}

/// What was not done and is to come again; the rest is done.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Answer {
    /// Changes come again from the first one on, or not at all.
    pub(crate) fn of_changes(first: Option<String>, worked: Worked) -> Self {
        let mut answer = Self::default();
        if let (Err(fault), Some(first)) = (worked, first) {
            answer.batch_item_failures.push(failed(first, &fault, "changes", None));
        }
        answer
    }
}

fn failed(id: String, fault: &JobFault, r#type: &str, trace: Option<&str>) -> Failure {
    tracing::error!(job.type = r#type, fault.code = fault.code, fault = %fault.says, job.trace = trace, "a job was not done");
    Failure { item_identifier: id }
}

/// Opens the records of a batch.
pub(crate) fn read(records: Vec<Record>, lane: Lane) -> Vec<Letter> {
    let open = |record: Record| {
        let (job, trace) = job(&record.body, lane);
        Letter { id: record.message_id, times: record.attributes.approximate_receive_count, job, trace }
    };
    records.into_iter().map(open).collect()
}

fn job(body: &str, lane: Lane) -> (Option<RawJob>, Option<String>) {
    if let Ok(envelope) = serde_json::from_str::<Envelope>(body) {
        let (job, trace) = envelope.open();
        return (Some(job), trace);
    }
    let data = serde_json::from_str(body).ok().filter(serde_json::Value::is_object);
    (data.map(|data| RawJob { r#type: OUTSIDE.to_owned(), lane, data }), None)
}

/// Hands the jobs of a batch to the handler, all at once, so that it can do in one call what many ask for. A
/// record that cannot be read, or for which the handler has no answer, has failed.
pub(crate) async fn deliver<H>(handler: &H, letters: Vec<Letter>) -> Answer
where
    H: AsyncFn(Vec<RawJob>) -> Vec<Worked>,
{
    let mut answer = Answer::default();
    count("jobs", letters.len());
    count("jobs.again", letters.iter().filter(|letter| !["", "1"].contains(&letter.times.as_str())).count());
    let (mut ids, mut jobs) = (Vec::with_capacity(letters.len()), Vec::with_capacity(letters.len()));
    for letter in letters {
        if let Some(job) = letter.job {
            ids.push((letter.id, job.r#type.clone(), letter.trace));
            jobs.push(job);
        } else {
            let fault = JobFault::unknown("unreadable");
            answer.batch_item_failures.push(failed(letter.id, &fault, "unreadable", None));
        }
    }
    let mut worked = if jobs.is_empty() { Vec::new() } else { handler(jobs).await }.into_iter();
    for (id, r#type, trace) in ids {
        let fault = match worked.next() {
            Some(Ok(())) => continue,
            Some(Err(fault)) => fault,
            None => JobFault::unknown(&r#type),
        };
        answer.batch_item_failures.push(failed(id, &fault, &r#type, trace.as_deref()));
    }
    count("jobs.failed", answer.batch_item_failures.len());
    answer
}

/// Counts what is worth a figure: nothing is none.
fn count(name: &'static str, many: usize) {
    if many > 0 {
        platform::count(name, many);
    }
}

impl Stream {
    /// The changes in order, and the place of the first record, to begin with when they are to come again.
    pub(crate) fn changes(self) -> (Option<String>, Vec<Change>) {
        let first = self.records.first().map(|record| record.dynamodb.sequence_number.clone());
        let changes = self.records.into_iter().filter_map(|StreamRecord { dynamodb: images }| {
            Change::new(
                images.sequence_number,
                images.old_image.map(Into::into),
                images.new_image.map(Into::into),
            )
        });
        (first, changes.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Kind;
    use serde_json::json;

    fn records(bodies: &[&str]) -> Vec<Record> {
        let record = |(n, body): (usize, &&str)| Record {
            message_id: n.to_string(),
            body: (*body).to_owned(),
            attributes: Attributes::default(),
        };
        bodies.iter().enumerate().map(record).collect()
    }

    async fn deliver<H>(handler: &H, lane: Lane, records: Vec<Record>) -> Answer
    where
        H: AsyncFn(Vec<RawJob>) -> Vec<Worked>,
    {
        super::deliver(handler, read(records, lane)).await
    }

    fn ids(answer: &Answer) -> Vec<&str> {
        answer.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
    }

    const JOB: &str = r#"{"type":"send_requested.1","lane":"outbound","data":{"message":1}}"#;

    #[tokio::test]
    async fn only_what_failed_comes_again() {
        let handler = async |jobs: Vec<RawJob>| {
            assert_eq!(jobs.len(), 3, "what cannot be read does not reach the handler");
            let broken = JobFault { kind: Kind::Unavailable, code: "away", says: "away".to_owned() };
            vec![Ok(()), Err(broken), Ok(())]
        };
        let answer = deliver(&handler, Lane::Outbound, records(&[JOB, "{", JOB, "7", JOB])).await;
        assert_eq!(ids(&answer), ["1", "3", "2"]);
        let wire = serde_json::to_value(&answer).unwrap();
        assert_eq!(wire["batchItemFailures"][0], json!({ "itemIdentifier": "1" }));
    }

    #[tokio::test]
    async fn a_handler_that_forgets_a_job_has_not_done_it() {
        let answer = deliver(&async |_| vec![Ok(())], Lane::Outbound, records(&[JOB, JOB])).await;
        assert_eq!(ids(&answer), ["1"]);
    }

    #[tokio::test]
    async fn a_record_from_outside_is_a_job_of_its_own_type() {
        let handler = async |jobs: Vec<RawJob>| {
            assert_eq!((jobs[0].r#type.as_str(), jobs[0].lane), (OUTSIDE, Lane::Inbound));
            assert_eq!(jobs[0].data["Type"], "Notification");
            vec![Ok(())]
        };
        let answer = deliver(&handler, Lane::Inbound, records(&[r#"{"Type":"Notification"}"#])).await;
        assert_eq!(answer, Answer::default());
    }

    #[tokio::test]
    async fn changes_of_the_table_arrive_with_both_images_and_come_again_when_not_done() {
        let event = json!({ "Records": [
            { "eventID": "1", "eventName": "MODIFY", "dynamodb": { "SequenceNumber": "11", "SizeBytes": 9,
                "Keys": { "pk": { "S": "cln_x#thing" }, "sk": { "S": "thing#" } },
                "OldImage": { "pk": { "S": "cln_x#thing" }, "sk": { "S": "thing#" }, "kind": { "S": "thing" } },
                "NewImage": { "pk": { "S": "cln_x#thing" }, "sk": { "S": "thing#" }, "kind": { "S": "thing" },
                    "d": { "M": { "n": { "N": "1" } } } } } },
            { "eventID": "2", "eventName": "REMOVE", "dynamodb": { "SequenceNumber": "12",
                "OldImage": { "pk": { "S": "cln_x#thing" }, "kind": { "S": "thing" } } } }
        ] });
        let handler = async |changes: Vec<Change>| {
            let seen: Vec<_> = changes.iter().map(|change| change.sequence.as_str()).collect();
            assert_eq!(seen, ["11", "12"]);
            assert_eq!((changes[0].kind.as_str(), changes[0].partition.as_str()), ("thing", "cln_x#thing"));
            Err(JobFault::unknown("test"))
        };
        let stream: Stream = serde_json::from_value(event).unwrap();
        let (first, changes) = stream.changes();
        let answer = Answer::of_changes(first, handler(changes).await);
        assert_eq!(ids(&answer), ["11"]);
    }
}
