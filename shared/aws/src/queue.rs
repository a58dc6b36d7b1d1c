//! Jobs through SQS.

use std::{collections::HashMap, sync::OnceLock};

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use futures::future::BoxFuture;
use kernel::{Lane, RawJob};
use platform::{Envelope, PlatformFault, Queue};

use crate::{Base, at_its_address};

/// SQS takes ten messages a call.
const BATCH: usize = 10;

pub(crate) struct SqsQueue {
    base: Base,
    client: OnceLock<Client>,
    urls: HashMap<Lane, String>,
}

fn away(reason: impl Into<String>) -> PlatformFault {
    PlatformFault::Away { what: "queue", reason: reason.into() }
}

impl SqsQueue {
    pub(crate) fn new(base: Base, read: impl Fn(&str) -> Option<String>) -> Self {
        let urls = Lane::ALL
            .into_iter()
            .filter_map(|lane| Some((lane, read(&format!("QUEUE_{}", lane.name().to_uppercase()))?)))
            .collect();
        Self { base, client: OnceLock::new(), urls }
    }

    async fn send(&self, url: &str, jobs: &[&RawJob]) -> Result<(), PlatformFault> {
        let client =
            self.client.get_or_init(|| Client::from_conf(at_its_address!(aws_sdk_sqs, self.base, "sqs")));
        let entries = jobs
            .iter()
            .enumerate()
            .map(|(number, job)| {
                let body = serde_json::to_string(&Envelope::around(job)).map_err(|_| away("job"))?;
                SendMessageBatchRequestEntry::builder()
                    .id(number.to_string())
                    .message_body(body)
                    .build()
                    .map_err(|_| away("entry"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let sent =
            client.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await.map_err(
                |error| {
                    away(
                        aws_smithy_types::error::metadata::ProvideErrorMetadata::code(&error)
                            .unwrap_or("no answer"),
                    )
                },
            )?;
        match sent.failed().first() {
            None => Ok(()),
            Some(failed) => Err(away(failed.code())),
        }
    }
}

impl Queue for SqsQueue {
    fn push<'a>(&'a self, jobs: &'a [RawJob]) -> BoxFuture<'a, Result<(), PlatformFault>> {
        Box::pin(async move {
            let mut lanes: HashMap<Lane, Vec<&RawJob>> = HashMap::new();
            for job in jobs {
                lanes.entry(job.lane).or_default().push(job);
            }
            for (lane, jobs) in lanes {
                let url = self.urls.get(&lane).ok_or(PlatformFault::Absent { what: "queue" })?;
                for batch in jobs.chunks(BATCH) {
                    self.send(url, batch).await?;
                    platform::count("jobs.pushed", batch.len());
                }
            }
            Ok(())
        })
    }
}
