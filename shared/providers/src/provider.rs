//! The providers there are.

use jiff::SignedDuration;
use kernel::{Channel, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{classes::Classes, fcm, sendgrid, ses, twilio, vonage, whatsapp};

/// One who carries messages for us. A new one begins here: the compiler then lists what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Provider {
    /// Text messages, with or without pictures, through Twilio Programmable Messaging.
    Twilio,
    /// E-mail through Amazon SES, API version 2.
    Ses,
    /// Calls through Twilio Programmable Voice.
    TwilioVoice,
    /// E-mail through Twilio SendGrid, API version 3.
    Sendgrid,
    /// WhatsApp through Meta's Cloud API.
    WhatsappCloud,
    /// Text messages through Vonage's Messages API.
    Vonage,
    /// Push through Firebase Cloud Messaging, API version 1.
    Fcm,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Twilio,
        Self::Ses,
        Self::TwilioVoice,
        Self::Sendgrid,
        Self::WhatsappCloud,
        Self::Vonage,
        Self::Fcm,
    ];

    /// The channel it carries.
    pub fn channel(self) -> Channel {
        match self {
            Self::Twilio | Self::Vonage => Channel::Sms,
            Self::Ses | Self::Sendgrid => Channel::Email,
            Self::TwilioVoice => Channel::Voice,
            Self::WhatsappCloud => Channel::Whatsapp,
            Self::Fcm => Channel::Push,
        }
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twilio => "TWILIO",
            Self::Ses => "SES",
            Self::TwilioVoice => "TWILIO_VOICE",
            Self::Sendgrid => "SENDGRID",
            Self::WhatsappCloud => "WHATSAPP_CLOUD",
            Self::Vonage => "VONAGE",
            Self::Fcm => "FCM",
        }
    }

    /// For how long after somebody's last message they may be answered freely; outside of it only
    /// [`crate::Content::Approved`] is taken. `None` where there is no such rule.
    pub fn reply_window(self) -> Option<SignedDuration> {
        self.classes().reply_window()
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
            Self::TwilioVoice => twilio::voice::classes(),
            Self::Sendgrid => sendgrid::classes(),
            Self::WhatsappCloud => whatsapp::classes(),
            Self::Vonage => vonage::classes(),
            Self::Fcm => fcm::classes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_json_and_in_code() {
        for provider in Provider::ALL {
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.name());
        }
    }

    #[test]
    fn only_whatsapp_has_a_window_for_free_answers() {
        let with: Vec<_> =
            Provider::ALL.into_iter().filter(|provider| provider.reply_window().is_some()).collect();
        assert_eq!(with, [Provider::WhatsappCloud]);
        assert_eq!(Provider::WhatsappCloud.reply_window(), Some(SignedDuration::from_hours(24)));
    }
}
