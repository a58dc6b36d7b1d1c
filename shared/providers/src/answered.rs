//! What answers have in common, whoever gives them.

use std::borrow::Cow;

use bytes::Bytes;
use http::{StatusCode, header::RETRY_AFTER};
use jiff::SignedDuration;

use crate::{ErrorClass, SendError};

/// Taken, but without an id there is nothing to hold receipts against.
pub(crate) fn nameless() -> SendError {
    SendError::own(ErrorClass::Ambiguous, "answer_unreadable", "the provider's answer names no message")
}

/// What an answer that is neither 2xx nor 4xx means: redirects are not followed, so nothing was accepted and the
/// base address is not the provider's; after anything else nobody knows.
pub(crate) fn broken(status: StatusCode) -> SendError {
    let (class, says) = if status.is_redirection() {
        (ErrorClass::Config, "the address we call is not the provider's")
    } else {
        (ErrorClass::Ambiguous, "the provider failed while it worked on the message")
    };
    SendError {
        class,
        code: Some(format!("http_{}", status.as_u16())),
        says: Cow::Borrowed(says),
        wait: None,
    }
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3), at most a day; dates are not used by our providers.
pub(crate) fn retry_after(response: &http::Response<Bytes>) -> Option<SignedDuration> {
    let seconds: u32 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(SignedDuration::from_secs(i64::from(seconds.min(86_400))))
}
