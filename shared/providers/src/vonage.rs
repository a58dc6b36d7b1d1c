//! Text messages through Vonage's Messages API, version 1: <https://developer.vonage.com/en/api/messages>. The
//! second carrier of texts: what it takes and tells is what the first does, so that one can stand in for the
//! other.

mod answer;
mod events;
mod send;
mod signature;

use std::sync::LazyLock;

use bytes::Bytes;
use kernel::{Masked, Timestamp};
use serde::Deserialize;

use crate::{
    Accepted, Carrier, Event, Hook, LookedUp, Lookup, Outgoing, Prepared, Provider, RawCall, SendError,
    Unreadable, Unverified, Verified, classes::Classes,
};

pub(crate) fn classes() -> &'static Classes {
    static CLASSES: LazyLock<Classes> = LazyLock::new(|| Classes::read(include_str!("../data/vonage.json")));
    &CLASSES
}

/// One Vonage application that sends.
#[derive(Debug, Clone, Deserialize)]
pub struct Vonage {
    /// `https://api.nexmo.com`, or a simulator.
    pub base_url: String,
    /// The application's id.
    pub application_id: String,
    /// Name of the secret whose value is the application's private key.
    pub secret: String,
}

/// One Vonage application that tells us about our messages and brings those of others.
pub struct VonageHook {
    secrets: Vec<Masked<String>>,
    application_id: String,
    now: Timestamp,
}

impl VonageHook {
    /// Takes calls of this application that are signed with any of the account's signature secrets, as of `now`.
    /// A blank secret is none.
    pub fn new(
        secrets: impl IntoIterator<Item = Masked<String>>,
        application_id: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        // Anybody can sign with an empty key.
        let secrets = secrets.into_iter().filter(|secret| !secret.reveal().trim().is_empty()).collect();
        Self { secrets, application_id: application_id.into(), now }
    }
}

impl Carrier for Vonage {
    fn provider(&self) -> Provider {
        Provider::Vonage
    }

    fn request(&self, outgoing: &Outgoing) -> Result<Prepared, SendError> {
        send::request(self, outgoing)
    }

    fn answer(&self, response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
        answer::read(response)
    }

    /// Messages are listed by the Reports API alone, hours later; statuses settle an unknown attempt before, by
    /// the reference they give back.
    fn lookup(&self, _: &Lookup) -> Option<Prepared> {
        None
    }

    fn looked_up(&self, _: &Lookup, _: &http::Response<Bytes>) -> LookedUp {
        LookedUp::Unclear
    }
}

impl Hook for VonageHook {
    fn provider(&self) -> Provider {
        Provider::Vonage
    }

    fn verify(&self, raw: &RawCall) -> Result<Verified, Unverified> {
        signature::verify(&self.secrets, &self.application_id, self.now, raw)
    }

    fn events(&self, verified: &Verified) -> Result<Vec<Event>, Unreadable> {
        events::read(verified)
    }
}
