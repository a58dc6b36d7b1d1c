//! What providers tell us: receipts for what we sent, and messages of others.

use std::borrow::Cow;

use jiff::SignedDuration;
use kernel::{ClinicId, Masked, MessageId, Phone, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Address, Provider};

mod call;
mod mail;

pub use call::{AnsweredBy, Key, Pressed, Rang};
pub use mail::{InboundMail, MailFile, MailPlace, MailStored, Verdict, Verdicts};

/// One fact from a provider, as it is stored and queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Event {
    /// About a message of ours.
    Receipt(Receipt),
    /// A message of somebody else.
    Inbound(Inbound),
    /// A mail of somebody else that lies where the provider put it, unread.
    MailStored(Box<MailStored>),
    /// A mail of somebody else.
    Mail(Box<InboundMail>),
    /// Somebody pressed a key in a call of ours.
    Pressed(Pressed),
    /// Somebody calls one of our numbers.
    Rang(Rang),
    /// One fact among several that cannot be read; the others are told all the same.
    Unread(Unread),
}

impl Event {
    /// The same for the same fact however often it is told, different for different facts; 32 hex digits that
    /// reveal nothing.
    pub fn key(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        match self {
            Self::Receipt(receipt) => {
                part(receipt.provider.name());
                part(&receipt.provider_id);
                part(receipt.status.name());
                part(receipt.error.as_ref().map_or("", |error| &error.code));
                part(&receipt.at.map(|at| at.to_string()).unwrap_or_default());
                part(match &receipt.address {
                    Some(Address::Email(email)) => email.as_str(),
                    Some(Address::Phone(phone)) => phone.as_str(),
                    Some(Address::Device(token)) => token.reveal(),
                    None => "",
                });
            }
            Self::Inbound(inbound) => {
                part(inbound.provider.name());
                part(&inbound.provider_id);
                part("inbound");
            }
            // Read or unread, it is the same mail.
            Self::MailStored(mail) => {
                part(mail.provider.name());
                part(&mail.provider_id);
                part("mail");
            }
            Self::Mail(mail) => {
                part(mail.provider.name());
                part(&mail.provider_id);
                part("mail");
            }
            Self::Pressed(pressed) => {
                part(pressed.provider.name());
                part(&pressed.provider_id);
                part("pressed");
                part(&pressed.digits);
            }
            Self::Rang(rang) => {
                part(rang.provider.name());
                part(&rang.provider_id);
                part("rang");
            }
            Self::Unread(unread) => {
                part(unread.provider.name());
                part(&unread.provider_id);
                part("unread");
                part(&unread.field);
                part(&unread.digest);
            }
        }
        hex::encode(&hash.finalize()[..16])
    }
}

/// How far a message of ours is, as a provider says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who says so.
    pub provider: Provider,
    /// The provider's id of the message.
    pub provider_id: String,
    /// Our id of it, if it came back to us.
    pub message: Option<MessageId>,
    /// The clinic it was sent for, if that came back to us.
    pub clinic: Option<ClinicId>,
    /// The attempt, if that came back to us.
    pub attempt: Option<u32>,
    /// How far it is.
    pub status: ReceiptStatus,
    /// What went wrong; absent while the provider still tries.
    pub error: Option<ReceiptError>,
    /// When it happened; absent where the provider does not say.
    pub at: Option<Timestamp>,
    /// The address at fault, for bounces, complaints and undelivered texts.
    pub address: Option<Address>,
    /// Whether a machine opened it (a mail program fetching ahead, a scanner); such an open counts for nothing.
    pub machine_open: bool,
}

/// A fact that this code cannot read. The call it came in is kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Whose it is.
    pub provider: Provider,
    /// The provider's id of it, or of what it is about; may be empty.
    pub provider_id: String,
    /// The field that is absent, wrong or unknown to us.
    pub field: String,
    /// Hash of what was told, which tells it from others: 32 hex digits that reveal nothing.
    pub digest: String,
}

impl Unread {
    pub(crate) fn of(provider: Provider, id: &str, field: &str, told: &serde_json::Value) -> Self {
        Self {
            provider,
            provider_id: id.chars().take(128).collect(),
            field: field.chars().take(64).collect(),
            digest: hex::encode(&Sha256::digest(told.to_string())[..16]),
        }
    }
}

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptError {
    /// The provider's code.
    pub code: String,
    /// What it asks of us. Anything retryable here means a new attempt: this one has ended.
    pub class: crate::ErrorClass,
    /// What happened, in our own sentence.
    pub says: Cow<'static, str>,
    /// The least pause before another attempt, if the provider's data file knows one.
    pub wait: Option<SignedDuration>,
    /// What the provider or the receiving server said; may quote the address.
    pub text: Option<Masked<String>>,
}

/// How far a message is. On the wire in capitals, `HARD_BOUNCED`; what we do not know stays as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReceiptStatus {
    /// Taken by the provider, sender not yet chosen or time not yet come.
    Accepted,
    /// In the provider's queue.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// Handed to the carrier or the mail servers.
    Sent,
    /// Arrived.
    Delivered,
    /// The carrier could not deliver it.
    Undelivered,
    /// The provider could not send it.
    Failed,
    /// Taken back before it was sent.
    Canceled,
    /// Read, as the recipient's device says.
    Read,
    /// The mail was opened.
    Opened,
    /// A link in the mail was followed.
    Clicked,
    /// Came back for a reason that may pass.
    SoftBounced,
    /// Came back, and will again: suppress the address.
    HardBounced,
    /// Reported as unwanted: suppress the address.
    Complained,
    /// The recipient took themselves off at the provider: suppress the address, nobody is angry.
    Unsubscribed,
    /// A call was left on an answering machine: it arrived, and nobody is known to have heard it.
    Voicemail,
    /// Refused by the provider for what it contains.
    Rejected,
    /// Not delivered yet; the provider goes on trying.
    Delayed,
    /// Something newer than this code. It is kept and changes nothing.
    #[serde(untagged)]
    Other(String),
}

impl ReceiptStatus {
    /// The name on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Queued => "QUEUED",
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Delivered => "DELIVERED",
            Self::Undelivered => "UNDELIVERED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
            Self::Read => "READ",
            Self::Opened => "OPENED",
            Self::Clicked => "CLICKED",
            Self::SoftBounced => "SOFT_BOUNCED",
            Self::HardBounced => "HARD_BOUNCED",
            Self::Complained => "COMPLAINED",
            Self::Unsubscribed => "UNSUBSCRIBED",
            Self::Voicemail => "VOICEMAIL",
            Self::Rejected => "REJECTED",
            Self::Delayed => "DELAYED",
            Self::Other(name) => name,
        }
    }
}

/// A text message to one of our numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// Who brought it.
    pub provider: Provider,
    /// The provider's id of it.
    pub provider_id: String,
    /// Who wrote.
    pub from: Phone,
    /// Which of our numbers it came to.
    pub to: Phone,
    /// What it says, untouched.
    pub body: Masked<String>,
    /// Pictures and files, to be fetched from the provider.
    pub media: Vec<MediaRef>,
    /// What the provider itself made of a keyword, and has acted on.
    pub opt_out_type: Option<OptOutType>,
    /// When it was sent; absent where the provider does not say.
    pub at: Option<Timestamp>,
    /// The provider's id of the message of ours that it answers, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// What the pressed button of ours carries; the button's words are in `body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed: Option<String>,
}

/// A file that came with a message and still lies at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    /// Where it lies.
    pub url: Masked<String>,
    /// What the provider says it is; to be checked against the bytes.
    pub content_type: String,
}

/// A keyword that the provider has acted on already: it has answered, and blocks or unblocks the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OptOutType {
    /// Opted out.
    Stop,
    /// Opted in again.
    Start,
    /// Asked for help.
    Help,
    /// Something newer than this code.
    #[serde(untagged)]
    Other(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_travel_by_name_and_strange_ones_as_they_came() {
        for name in ["ACCEPTED", "HARD_BOUNCED", "CANCELED", "DELAYED", "partially_delivered"] {
            let status: ReceiptStatus = serde_json::from_str(&format!("\"{name}\"")).unwrap();
            assert_eq!(status.name(), name);
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{name}\""));
        }
    }
}
