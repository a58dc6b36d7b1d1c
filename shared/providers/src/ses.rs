//! Amazon SES, API version 2: <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>. Its
//! events come over a topic into a queue of our own account.

mod answer;
mod events;
mod inbound;
mod mime;
mod notice;
mod send;

use std::sync::LazyLock;

use bytes::Bytes;
use serde::Deserialize;

pub use self::send::LARGEST;
use crate::{
    Accepted, Carrier, Event, Hook, LookedUp, Lookup, Outgoing, Prepared, Provider, RawCall, SendError,
    Unreadable, Unverified, Verified, classes::Classes,
};

pub(crate) fn classes() -> &'static Classes {
    static CLASSES: LazyLock<Classes> = LazyLock::new(|| Classes::read(include_str!("../data/ses.json")));
    &CLASSES
}

/// SES in one region of our account.
#[derive(Debug, Clone, Deserialize)]
pub struct Ses {
    /// `https://email.{region}.amazonaws.com`, or a simulator.
    pub base_url: String,
    /// The configuration set whose events come to our topic.
    pub configuration_set: String,
}

/// Events of SES from its topic through our queue. Topic and queue let nobody else write, so there is no
/// signature to check; what is checked is that the notice comes from our topic.
#[derive(Debug, Clone)]
pub struct SesHook {
    topic_arn: String,
}

impl SesHook {
    /// Takes notices of this topic only.
    pub fn new(topic_arn: impl Into<String>) -> Self {
        Self { topic_arn: topic_arn.into() }
    }
}

impl Carrier for Ses {
    fn provider(&self) -> Provider {
        Provider::Ses
    }

    fn request(&self, outgoing: &Outgoing) -> Result<Prepared, SendError> {
        send::request(self, outgoing)
    }

    fn answer(&self, response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
        answer::read(response)
    }

    /// SES has no list of what it took: its `Send` event is what settles an unknown attempt.
    fn lookup(&self, _: &Lookup) -> Option<Prepared> {
        None
    }

    fn looked_up(&self, _: &Lookup, _: &http::Response<Bytes>) -> LookedUp {
        LookedUp::Unclear
    }
}

impl Hook for SesHook {
    fn provider(&self) -> Provider {
        Provider::Ses
    }

    fn verify(&self, raw: &RawCall) -> Result<Verified, Unverified> {
        notice::verify(&self.topic_arn, raw)
    }

    fn events(&self, verified: &Verified) -> Result<Vec<Event>, Unreadable> {
        events::read(verified)
    }
}
