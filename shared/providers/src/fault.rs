//! Why a message did not go out, and what is to be done about it.

use std::borrow::Cow;

use jiff::SignedDuration;
use kernel::{Fault, Kind};
use serde::{Deserialize, Serialize};

/// What a provider's refusal asks of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorClass {
    /// Not accepted, and it will pass: try again after a growing pause, as often as the policy has it.
    Transient,
    /// Not accepted for a cause that is unknown: try once more, then let a person look at it.
    TransientOnce,
    /// Not accepted since a cap of the day is reached: try again from [`crate::Provider::deferred_until`] on.
    Defer,
    /// Our account, sender or set-up is wrong: stop sending this way and tell somebody. The message is sound and
    /// may go another way.
    Config,
    /// This address cannot be reached on this channel: mark it so; another channel may do.
    Address,
    /// This message cannot be sent as it is, to anybody: mend the template or its values.
    Content,
    /// The recipient has opted out at the provider: suppress the address, and never try again.
    OptOut,
    /// Nobody knows whether it was accepted: the attempt is unknown, and sending again could send twice. Look it
    /// up, wait for a receipt, or let a person decide.
    Ambiguous,
}

impl ErrorClass {
    /// Whether the message was provably not accepted and another try with the same content is worth it.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Transient | Self::TransientOnce | Self::Defer => true,
            Self::Config | Self::Address | Self::Content | Self::OptOut | Self::Ambiguous => false,
        }
    }
}

/// A message was not sent, or nobody knows. Holds no personal data: `says` is our own sentence, never the
/// provider's, which likes to quote the number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{says}{}", .code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default())]
pub struct SendError {
    /// What to do.
    pub class: ErrorClass,
    /// The provider's code, or our own in `snake_case` if it was refused before the call.
    pub code: Option<String>,
    /// What happened, in one sentence.
    pub says: Cow<'static, str>,
    /// The least pause before another try, if the provider asked for one or its data file knows one.
    pub wait: Option<SignedDuration>,
}

impl SendError {
    /// The call was made and no answer came: it may have been accepted.
    pub fn unanswered() -> Self {
        Self::own(ErrorClass::Ambiguous, "no_answer", "the provider did not answer")
    }

    /// No byte reached the provider, because the connection could not be made.
    pub fn unreached() -> Self {
        Self::own(ErrorClass::Transient, "not_reached", "the provider could not be reached")
    }

    /// Nothing was sent, because what the call should prove itself with is unusable.
    pub fn unproven() -> Self {
        Self::own(ErrorClass::Config, "not_proven", "the account's key cannot be used")
    }

    pub(crate) fn own(class: ErrorClass, code: &'static str, says: &'static str) -> Self {
        Self { class, code: Some(code.to_owned()), says: Cow::Borrowed(says), wait: None }
    }

    pub(crate) fn wrong_channel() -> Self {
        Self::own(
            ErrorClass::Config,
            "wrong_channel",
            "the message was handed to a provider of another channel",
        )
    }
}

impl Fault for SendError {
    fn kind(&self) -> Kind {
        match self.class {
            ErrorClass::Transient | ErrorClass::TransientOnce | ErrorClass::Config => Kind::Unavailable,
            ErrorClass::Defer => Kind::TooMany,
            ErrorClass::Address | ErrorClass::Content | ErrorClass::OptOut => Kind::Invalid,
            // Not `Unavailable`: that would ask a queue to run it again.
            ErrorClass::Ambiguous => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self.class {
            ErrorClass::Transient => "send_not_accepted_yet",
            ErrorClass::TransientOnce => "send_not_accepted",
            ErrorClass::Defer => "send_deferred",
            ErrorClass::Config => "send_not_configured",
            ErrorClass::Address => "send_address_refused",
            ErrorClass::Content => "send_content_refused",
            ErrorClass::OptOut => "send_opted_out",
            ErrorClass::Ambiguous => "send_unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_accepted_is_never_retried() {
        assert!(!SendError::unanswered().class.is_retryable());
        assert!(!SendError::unanswered().kind().passes());
        assert!(SendError::unreached().class.is_retryable());
        assert_eq!(SendError::unreached().to_string(), "the provider could not be reached (not_reached)");
    }
}
