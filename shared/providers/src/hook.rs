//! The way from a provider: believe first, read then.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use kernel::{Fault, Kind};

use crate::{Event, Provider};

/// One account at a provider, as far as its calls to us go.
pub trait Hook: Send + Sync {
    /// Whose calls it takes.
    fn provider(&self) -> Provider;
    /// Whether the call is the provider's own, untouched.
    fn verify(&self, raw: &RawCall) -> Result<Verified, Unverified>;
    /// What the call tells. Kinds of events that are newer than this code are told as such and are no failure.
    fn events(&self, verified: &Verified) -> Result<Vec<Event>, Unreadable>;
}

/// A call as it came in, unread.
pub struct RawCall {
    /// The method.
    pub method: Method,
    /// The ORIGINAL address as the provider called it: scheme, host and query as they were, no decoding.
    pub url: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes of the body (gateways may wrap them in base64: unwrapped, but nothing else done to them).
    pub body: Bytes,
}

impl RawCall {
    /// What a queue delivered; there is no address and there are no headers.
    pub fn queued(body: impl Into<Bytes>) -> Self {
        Self { method: Method::POST, url: String::new(), headers: HeaderMap::new(), body: body.into() }
    }
}

impl fmt::Debug for RawCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawCall({}, {} bytes)", self.method, self.body.len())
    }
}

/// A call that is the provider's own. Only [`Hook::verify`] makes one.
pub struct Verified {
    pub(crate) provider: Provider,
    pub(crate) call: Call,
}

/// What was verified.
pub(crate) enum Call {
    /// A form, with the address it was sent to.
    Form { url: String, fields: Vec<(String, String)> },
    /// The text that a topic carried.
    Notice(String),
    /// A body of JSON.
    Json(Bytes),
    /// A form with files (RFC 7578), by its boundary.
    Multipart { boundary: String, body: Bytes },
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({:?})", self.provider)
    }
}

/// The one header of this name.
pub(crate) fn only<'a>(raw: &'a RawCall, name: &str) -> Result<&'a [u8], Unverified> {
    let mut all = raw.headers.get_all(name).iter();
    let value = all.next().ok_or(Unverified::Unsigned)?;
    if all.next().is_some() {
        return Err(Unverified::SignedTwice);
    }
    Ok(value.as_bytes())
}

/// Nothing proves that the provider made this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// The header with the signature is absent.
    #[error("the call carries no signature")]
    Unsigned,
    /// The header is there more than once: whoever stands between could choose.
    #[error("the call carries several signatures")]
    SignedTwice,
    /// The signature is not that of this address and body under any of our tokens.
    #[error("the signature does not fit the call")]
    Forged,
    /// The body is not that whose hash was signed.
    #[error("the body is not the one that was signed")]
    BodyChanged,
    /// The body or the address is not of the shape that gets signed.
    #[error("the call is not of the provider's shape")]
    Misshapen,
    /// It was signed too long ago, or ahead of our clock: somebody may be playing an old call again.
    #[error("the signature is not of now")]
    Stale,
    /// It is signed for another account or application.
    #[error("the call is for another account")]
    WrongAccount,
    /// It comes from a topic that is not ours.
    #[error("the notice comes from another topic")]
    WrongTopic,
}

impl Fault for Unverified {
    fn kind(&self) -> Kind {
        Kind::Unauthenticated
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unsigned => "signature_missing",
            Self::SignedTwice => "signature_repeated",
            Self::Forged => "signature_wrong",
            Self::BodyChanged => "signed_body_changed",
            Self::Misshapen => "signed_call_misshapen",
            Self::Stale => "signature_stale",
            Self::WrongAccount => "signed_account_unknown",
            Self::WrongTopic => "topic_unknown",
        }
    }
}

/// The call is the provider's but cannot be read; the same call will not fare better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A field is absent.
    #[error("the field {0} is absent")]
    Absent(&'static str),
    /// A field does not hold what it should.
    #[error("the field {0} does not hold what it should")]
    Wrong(&'static str),
    /// The notice is not JSON of an event.
    #[error("the notice is not an event in JSON")]
    NotAnEvent,
    /// It was verified by another provider's hook.
    #[error("the call is another provider's")]
    Foreign,
}

impl Fault for Unreadable {
    fn kind(&self) -> Kind {
        Kind::Malformed
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Absent(_) => "provider_field_absent",
            Self::Wrong(_) => "provider_field_wrong",
            Self::NotAnEvent => "provider_event_unreadable",
            Self::Foreign => "provider_call_foreign",
        }
    }
}
