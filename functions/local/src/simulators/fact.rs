//! What happened at the simulated providers: one fact is one line of the journal, and nothing else is kept.

use kernel::{Masked, Phone, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ses::MailEvent, twilio::Status};

/// A fact, its place in the order of all facts and when it happened by the product's clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    /// Counts up from 1 without a gap.
    pub(super) n: u64,
    /// The product's time.
    pub(super) at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub(super) fact: Fact,
}

/// Something that happened at a simulated provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub(super) enum Fact {
    /// A text was taken for sending: from here on it is sent, whatever the caller got to hear.
    TextAccepted(Text),
    /// The text reached a status on the network.
    TextMoved {
        /// The text.
        sid: String,
        /// Its status now.
        status: Status,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u32>,
    },
    /// A callback came to its end.
    TextTold {
        /// The text.
        sid: String,
        /// How many steps of its script are now told.
        told: usize,
        /// The HTTP status of the answer; none if nobody answered however often it was tried.
        answer: Option<u16>,
    },
    /// Somebody wrote on a phone.
    ReplyWritten(Text),
    /// The webhook for a reply came to its end.
    ReplyTold {
        /// The reply.
        sid: String,
        /// As for [`Fact::TextTold`].
        answer: Option<u16>,
    },
    /// The network itself wrote to a phone, as it does after STOP.
    NetworkNote {
        /// The phone.
        phone: Phone,
        /// The number it seems to come from.
        ours: String,
        /// The text.
        body: String,
    },
    /// A phone blocked one of our numbers by a keyword.
    OptedOut {
        /// The phone.
        phone: Phone,
        /// Our number.
        ours: String,
    },
    /// A phone lifted its block.
    OptedIn {
        /// The phone.
        phone: Phone,
        /// Our number.
        ours: String,
    },
    /// A send was refused; nothing went out.
    TurnedAway {
        /// `SMS` or `EMAIL`.
        channel: String,
        /// Whom it was for.
        to: Masked<String>,
        /// The provider's error.
        code: String,
        /// Our message, if the request told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A mail was taken for sending.
    MailAccepted(Mail),
    /// An event of a mail was handed on.
    MailTold {
        /// The mail.
        id: String,
        /// How many events of its script are now handed on.
        told: usize,
        /// Whether the other side took it.
        taken: bool,
    },
    /// The mailbox asked to be unsubscribed with one click.
    Unsubscribed {
        /// The mail whose header was used.
        id: String,
        /// The HTTP status of the answer.
        answer: Option<u16>,
    },
}

/// A text in either direction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Text {
    /// `SM` and 32 hex digits.
    pub(super) sid: String,
    /// The patient's side.
    pub(super) phone: Phone,
    /// The clinic's side: a number or a sender id.
    pub(super) ours: String,
    /// The words.
    pub(super) body: Masked<String>,
    /// The Messaging Service it was sent through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    /// Where its statuses are posted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) callback: Option<String>,
    /// Our message, as the callback address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    /// The status the create call answered with.
    pub(super) first: Status,
    /// The callbacks to come, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) script: Vec<Step>,
}

/// One callback to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    /// The status it tells.
    pub(super) status: Status,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<u32>,
}

/// A mail as the mailbox shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mail {
    /// The provider's message id.
    pub(super) id: String,
    /// The sender as given.
    pub(super) from: String,
    /// The bare addresses.
    pub(super) to: Vec<Masked<String>>,
    /// The decoded subject.
    pub(super) subject: Masked<String>,
    /// The decoded plain text.
    pub(super) text: Option<Masked<String>>,
    /// The decoded HTML.
    pub(super) html: Option<Masked<String>>,
    /// All header fields, decoded, in order.
    pub(super) headers: Vec<(String, Masked<String>)>,
    /// What hangs on it.
    pub(super) attachments: Vec<Attachment>,
    /// The tags of the send call.
    pub(super) tags: Vec<(String, String)>,
    /// The configuration set of the send call.
    pub(super) configuration_set: Option<String>,
    /// Our message, as the tags name it.
    pub(super) reference: Option<String>,
    /// The events to come, in order.
    pub(super) script: Vec<MailEvent>,
}

/// A file on a mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Attachment {
    /// Its name.
    pub(super) name: String,
    /// Its media type.
    pub(super) content_type: String,
    /// Its bytes in base64.
    pub(super) content: Masked<String>,
}

/// Our message id inside a text such as a callback address or a tag: `msg_` and 26 characters.
pub(super) fn reference(text: &str) -> Option<String> {
    text.match_indices("msg_").find_map(|(start, _)| {
        let id = text.get(start..start + 30)?;
        id.parse::<kernel::MessageId>().ok().map(|id| id.to_string())
    })
}
