//! The providers there are.

use kernel::{Channel, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{classes::Classes, ses, twilio};

/// One who carries messages for us. A new one begins here: the compiler then lists what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Provider {
    /// Text messages through Twilio Programmable Messaging.
    Twilio,
    /// E-mail through Amazon SES, API version 2.
    Ses,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Twilio, Self::Ses];

    /// The channel it carries.
    pub fn channel(self) -> Channel {
        match self {
            Self::Twilio => Channel::Sms,
            Self::Ses => Channel::Email,
        }
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twilio => "TWILIO",
            Self::Ses => "SES",
        }
    }

    /// When a message that was refused at `now` for a daily cap ([`crate::ErrorClass::Defer`]) is worth the next
    /// try; the rule stands in the provider's data file.
    pub fn deferred_until(self, now: Timestamp) -> Timestamp {
        self.classes().deferred_until(now)
    }

    /// Its error codes and what they mean to us.
    pub(crate) fn classes(self) -> &'static Classes {
        match self {
            Self::Twilio => twilio::classes(),
            Self::Ses => ses::classes(),
        }
    }
}
