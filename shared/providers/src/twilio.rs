//! Twilio Programmable Messaging, API of 2010-04-01: <https://www.twilio.com/docs/messaging/api/message-resource>.

mod answer;
mod events;
mod form;
mod lookup;
mod send;
mod signature;
pub mod voice;

use std::sync::LazyLock;

use bytes::Bytes;
use kernel::Masked;
use serde::Deserialize;

use crate::{
    Accepted, Auth, Carrier, Event, Hook, LookedUp, Lookup, Outgoing, Prepared, Provider, RawCall,
    ReceiptStatus, SendError, Unreadable, Unverified, Verified, classes::Classes,
};

pub(crate) fn classes() -> &'static Classes {
    static CLASSES: LazyLock<Classes> = LazyLock::new(|| Classes::read(include_str!("../data/twilio.json")));
    &CLASSES
}

/// One Twilio account that sends.
#[derive(Debug, Clone, Deserialize)]
pub struct Twilio {
    /// `https://api.twilio.com`, or a simulator.
    pub base_url: String,
    /// `AC…`
    pub account_sid: String,
    /// Name of the secret whose value is `user:password`: an API key and its secret, or account SID and token.
    pub secret: String,
}

/// One Twilio account that calls us: status callbacks and incoming messages.
pub struct TwilioHook {
    auth_tokens: Vec<Masked<String>>,
}

impl TwilioHook {
    /// Takes calls signed with any of these tokens: one, or two while the token is being changed. A blank token
    /// is no token; without any, no call is believed.
    pub fn new(auth_tokens: impl IntoIterator<Item = Masked<String>>) -> Self {
        // Anybody can sign with an empty key.
        let auth_tokens = auth_tokens.into_iter().filter(|token| !token.reveal().trim().is_empty()).collect();
        Self { auth_tokens }
    }
}

impl Carrier for Twilio {
    fn provider(&self) -> Provider {
        Provider::Twilio
    }

    fn request(&self, outgoing: &Outgoing) -> Result<Prepared, SendError> {
        send::request(self, outgoing)
    }

    fn answer(&self, response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
        answer::read(classes(), status, response)
    }

    fn lookup(&self, lookup: &Lookup) -> Option<Prepared> {
        lookup::request(self, lookup)
    }

    fn looked_up(&self, lookup: &Lookup, response: &http::Response<Bytes>) -> LookedUp {
        lookup::read(lookup, response)
    }
}

impl Hook for TwilioHook {
    fn provider(&self) -> Provider {
        Provider::Twilio
    }

    fn verify(&self, raw: &RawCall) -> Result<Verified, Unverified> {
        signature::verify(Provider::Twilio, &self.auth_tokens, raw)
    }

    fn events(&self, verified: &Verified) -> Result<Vec<Event>, Unreadable> {
        events::read(verified)
    }
}

impl Twilio {
    /// The list of what there is of this kind: `Messages` or `Calls`.
    fn list(&self, of: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/{of}.json", self.base_url.trim_end_matches('/'), self.account_sid)
    }

    fn auth(&self) -> Auth {
        Auth::Basic { secret: self.secret.clone() }
    }
}

/// <https://www.twilio.com/docs/messaging/api/message-resource#message-status-values>
fn status(text: &str) -> ReceiptStatus {
    match text {
        "accepted" | "scheduled" => ReceiptStatus::Accepted,
        "queued" => ReceiptStatus::Queued,
        "sending" => ReceiptStatus::Sending,
        "sent" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        "undelivered" => ReceiptStatus::Undelivered,
        "failed" => ReceiptStatus::Failed,
        "canceled" => ReceiptStatus::Canceled,
        "read" => ReceiptStatus::Read,
        other => ReceiptStatus::Other(other.chars().take(64).collect()),
    }
}
