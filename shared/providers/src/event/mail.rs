//! Mail that comes in.

use kernel::{EmailAddress, Masked, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Provider;

/// What a check of the receiving provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It cannot be told, was not checked, or the check broke.
    #[default]
    Unknown,
}

/// What the receiving provider found out about a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verdicts {
    /// Not unwanted mail.
    pub spam: Verdict,
    /// No harmful content.
    pub virus: Verdict,
    /// The server may send for the envelope's domain (RFC 7208).
    pub spf: Verdict,
    /// A signature of a domain holds (RFC 6376).
    pub dkim: Verdict,
    /// The visible sender's domain stands behind it (RFC 7489). Not so for a mail that shows several senders.
    pub dmarc: Verdict,
}

impl Verdicts {
    /// Whether the mail has to be kept away from people and machines.
    pub fn is_harmful(&self) -> bool {
        self.virus == Verdict::Fail
    }

    /// Whether the visible sender is proven. What is not proven is shown as such and never confirms anything by
    /// itself: anybody can write any sender.
    pub fn is_proven(&self) -> bool {
        self.dmarc == Verdict::Pass
    }
}

/// Where a mail lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MailPlace {
    /// In a bucket of ours, as MIME.
    Bucket {
        /// The bucket's name.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// In the call that told of it.
    Call,
}

/// A mail that came in, as the receiving provider tells of it. [`crate::mail::read`] makes an [`InboundMail`] of
/// this and the mail itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailStored {
    /// Who brought it.
    pub provider: Provider,
    /// The provider's id of it.
    pub provider_id: String,
    /// Which of our addresses it came to, as the envelope says.
    pub recipients: Vec<EmailAddress>,
    /// Who sent it, as the envelope says; absent for notices of mail servers, which nobody may answer.
    pub envelope_from: Option<EmailAddress>,
    /// What was found out about it.
    pub verdicts: Verdicts,
    /// Where it lies.
    pub place: MailPlace,
    /// When it came.
    pub at: Option<Timestamp>,
}

/// A mail that came in, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMail {
    /// Who brought it.
    pub provider: Provider,
    /// The provider's id of it.
    pub provider_id: String,
    /// Which of our addresses it came to, as the envelope says.
    pub recipients: Vec<EmailAddress>,
    /// Who sent it, as the envelope says.
    pub envelope_from: Option<EmailAddress>,
    /// The visible sender.
    pub from: EmailAddress,
    /// The visible sender's name; empty for none.
    pub from_name: Masked<String>,
    /// The subject; empty for none.
    pub subject: Masked<String>,
    /// The whole text, or its first 64 KiB; made from the HTML if there is no other.
    pub text: Masked<String>,
    /// What was written now: the text without what it quotes, or its first 64 KiB.
    pub said: Masked<String>,
    /// Whether the text was longer than is kept here; the mail itself has all of it.
    pub cut: bool,
    /// Its own id, without angle brackets.
    pub message_id: Option<String>,
    /// The ids of the mails it answers, the latest first.
    pub answers: Vec<String>,
    /// Whether a machine wrote it (absence notes, lists, bounces). Such mail is shown and never answered.
    pub automatic: bool,
    /// What was found out about it.
    pub verdicts: Verdicts,
    /// The files that came along, at most 100; [`crate::mail::file`] takes them out of the mail.
    pub files: Vec<MailFile>,
    /// Where it lies.
    pub place: MailPlace,
    /// When it came.
    pub at: Option<Timestamp>,
}

/// A file that came with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFile {
    /// Its name, as the sender wrote it; never to be used as a path.
    pub name: Masked<String>,
    /// What the sender says it is; to be checked against the bytes.
    pub content_type: String,
    /// How many bytes it has.
    pub bytes: u64,
}
