//! Twilio Programmable Voice, API of 2010-04-01: <https://www.twilio.com/docs/voice/api/call-resource>. A call
//! reads a reminder out, hears which key is pressed, and tells a person from an answering machine.

mod events;
mod lookup;
mod send;
mod twiml;

use std::sync::LazyLock;

use bytes::Bytes;
use kernel::Masked;
use serde::Deserialize;

pub use self::{
    events::Asked,
    twiml::{Twiml, answer, refused, thanks},
};
use super::{Twilio, TwilioHook, answer, signature};
use crate::{
    Accepted, Carrier, Event, Hook, LookedUp, Lookup, Outgoing, Prepared, Provider, RawCall, ReceiptStatus,
    SendError, Unreadable, Unverified, Verified, classes::Classes,
};

pub(crate) fn classes() -> &'static Classes {
    static CLASSES: LazyLock<Classes> =
        LazyLock::new(|| Classes::read(include_str!("../../data/twilio_voice.json")));
    &CLASSES
}

/// One Twilio account that calls people.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct TwilioVoice(
    /// The account; the same as for texts.
    pub Twilio,
);

/// One Twilio account that tells us about calls: how they went, which key was pressed, and who calls us.
pub struct TwilioVoiceHook(TwilioHook);

impl TwilioVoiceHook {
    /// Takes calls signed with any of these tokens, as [`TwilioHook::new`] does.
    pub fn new(auth_tokens: impl IntoIterator<Item = Masked<String>>) -> Self {
        Self(TwilioHook::new(auth_tokens))
    }

    /// What Twilio wants to know, if it asks what to say in a call of ours; [`answer()`] is the reply.
    pub fn asked(&self, verified: &Verified) -> Option<Asked> {
        events::asked(verified)
    }
}

impl Carrier for TwilioVoice {
    fn provider(&self) -> Provider {
        Provider::TwilioVoice
    }

    fn request(&self, outgoing: &Outgoing) -> Result<Prepared, SendError> {
        send::request(&self.0, outgoing)
    }

    fn answer(&self, response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
        answer::read(classes(), status, response)
    }

    fn lookup(&self, lookup: &Lookup) -> Option<Prepared> {
        lookup::request(&self.0, lookup)
    }

    fn looked_up(&self, lookup: &Lookup, response: &http::Response<Bytes>) -> LookedUp {
        lookup::read(lookup, response)
    }
}

impl Hook for TwilioVoiceHook {
    fn provider(&self) -> Provider {
        Provider::TwilioVoice
    }

    fn verify(&self, raw: &RawCall) -> Result<Verified, Unverified> {
        signature::verify(Provider::TwilioVoice, &self.0.auth_tokens, raw)
    }

    fn events(&self, verified: &Verified) -> Result<Vec<Event>, Unreadable> {
        events::read(verified)
    }
}

/// How far a call is that has not ended: <https://www.twilio.com/docs/voice/api/call-resource#call-status-values>.
/// That it was answered is no delivery yet: who answered decides, when it has ended.
fn status(text: &str) -> ReceiptStatus {
    match text {
        "queued" => ReceiptStatus::Queued,
        "initiated" | "ringing" => ReceiptStatus::Sending,
        "in-progress" => ReceiptStatus::Sent,
        other => ReceiptStatus::Other(other.chars().take(64).collect()),
    }
}
