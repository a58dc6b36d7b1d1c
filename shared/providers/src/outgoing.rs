//! What is to be sent, in words that no provider owns.

use std::fmt;

use bytes::Bytes;
use kernel::{ClinicId, EmailAddress, Masked, MessageId, Phone, Timestamp};
use serde::{Deserialize, Serialize};

/// One attempt at one message.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The message; travels outward so that receipts find their way back.
    pub message: MessageId,
    /// The clinic it is sent for; travels outward too.
    pub clinic: ClinicId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// To whom.
    pub to: Address,
    /// What.
    pub content: Content,
    /// Address of our status hook without the ids, which the carrier adds as `clinic`, `message` and `attempt`.
    /// Not used by providers whose receipts come over a queue.
    pub callback: Option<String>,
    /// For how long delivery makes sense. Providers hold it to their own limits; that a message has expired
    /// already is the sender's to see.
    pub good_for: Option<jiff::SignedDuration>,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Address {
    /// A telephone.
    Phone(Phone),
    /// A mailbox.
    Email(EmailAddress),
}

/// What a message says.
#[derive(Debug, Clone)]
pub enum Content {
    /// A text message.
    Text {
        /// The sender.
        from: TextSender,
        /// The text exactly as it is to arrive: 1 to 1,600 UTF-16 units.
        body: Masked<String>,
    },
    /// An e-mail.
    Mail(Box<Mail>),
}

/// Who a text message comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TextSender {
    /// A number of the clinic.
    Number(Phone),
    /// A pool of numbers at the provider, by its id there (`MG…`).
    Service(String),
}

/// An e-mail to one recipient; one only, so that bounces and complaints are exact.
#[derive(Clone)]
pub struct Mail {
    /// The sender; its domain has to be verified at the provider.
    pub from: EmailAddress,
    /// The sender's name as people read it, at most 100 characters; empty for none.
    pub from_name: String,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<EmailAddress>,
    /// The subject, one line.
    pub subject: Masked<String>,
    /// The plain text. If it is blank, it is made from the HTML.
    pub text: Masked<String>,
    /// The HTML.
    pub html: Option<Masked<String>>,
    /// More header lines, such as `List-Unsubscribe`: at most 15, none that the provider writes itself.
    pub headers: Vec<(String, String)>,
    /// Files that go along.
    pub attachments: Vec<Attachment>,
    /// Whether opening and clicking may be observed. Never for mail about care.
    pub tracked: bool,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Header values hold links that act for the person without a login.
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Mail")
            .field("from", &self.from)
            .field("headers", &headers)
            .field("attachments", &self.attachments.len())
            .finish_non_exhaustive()
    }
}

/// A file that goes along with an e-mail.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// The file's name, at most 255 bytes.
    pub name: Masked<String>,
    /// Its media type, such as `application/pdf`, at most 78 bytes.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Masked<Bytes>,
}

/// An attempt of which nobody knows whether the provider took it.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// To whom it was to go.
    pub to: Address,
    /// What it said.
    pub content: Content,
    /// When the provider was called.
    pub at: Timestamp,
}
