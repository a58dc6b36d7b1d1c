//! Mail through Twilio SendGrid, API version 3: <https://www.twilio.com/docs/sendgrid/api-reference/mail-send>.

mod answer;
mod events;
mod form;
mod parse;
mod send;
mod signature;

use std::sync::LazyLock;

use bytes::Bytes;
use kernel::Timestamp;
use serde::Deserialize;

pub use self::parse::file;
use crate::{
    Accepted, Carrier, Event, Hook, LookedUp, Lookup, Outgoing, Prepared, Provider, RawCall, SendError,
    Unreadable, Unverified, Verified, classes::Classes,
};

pub(crate) fn classes() -> &'static Classes {
    static CLASSES: LazyLock<Classes> =
        LazyLock::new(|| Classes::read(include_str!("../data/sendgrid.json")));
    &CLASSES
}

/// One SendGrid account that sends.
#[derive(Debug, Clone, Deserialize)]
pub struct Sendgrid {
    /// `https://api.sendgrid.com`, or a simulator.
    pub base_url: String,
    /// Name of the secret whose value is an API key that may send mail.
    pub secret: String,
}

/// One SendGrid account that calls us: the signed Event Webhook, and Inbound Parse under a security policy with
/// signatures. Calls of either that are not signed are refused.
pub struct SendgridHook {
    keys: Vec<[u8; signature::POINT]>,
    now: Timestamp,
}

impl SendgridHook {
    /// Takes calls signed with any of these keys, as of `now`. Keys are those that SendGrid shows: base64 of a
    /// `SubjectPublicKeyInfo` on P-256; what is none verifies nothing. Events and Inbound Parse have a key each.
    pub fn new<'a>(public_keys: impl IntoIterator<Item = &'a str>, now: Timestamp) -> Self {
        Self { keys: public_keys.into_iter().filter_map(signature::point).collect(), now }
    }
}

impl Carrier for Sendgrid {
    fn provider(&self) -> Provider {
        Provider::Sendgrid
    }

    fn request(&self, outgoing: &Outgoing) -> Result<Prepared, SendError> {
        send::request(self, outgoing)
    }

    fn answer(&self, response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
        answer::read(response)
    }

    /// Only paid add-ons list what was taken: events settle an unknown attempt, by the reference they give back.
    fn lookup(&self, _: &Lookup) -> Option<Prepared> {
        None
    }

    fn looked_up(&self, _: &Lookup, _: &http::Response<Bytes>) -> LookedUp {
        LookedUp::Unclear
    }
}

impl Hook for SendgridHook {
    fn provider(&self) -> Provider {
        Provider::Sendgrid
    }

    fn verify(&self, raw: &RawCall) -> Result<Verified, Unverified> {
        signature::verify(&self.keys, self.now, raw)
    }

    fn events(&self, verified: &Verified) -> Result<Vec<Event>, Unreadable> {
        events::read(verified)
    }
}
