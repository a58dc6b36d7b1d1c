//! What is to be sent, in words that no provider owns.

use std::fmt;

use bytes::Bytes;
use kernel::{ClinicId, EmailAddress, Language, Masked, MessageId, Phone, Timestamp};
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
    /// An app on a device, by the token under which it is registered at the push provider.
    Device(Masked<String>),
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
    /// A text message with pictures or files.
    Media {
        /// The sender.
        from: TextSender,
        /// The text, which may be empty: at most 1,600 UTF-16 units.
        body: Masked<String>,
        /// Public `https` addresses from which the provider fetches them, 1 to 10. Whoever has one has the file:
        /// let them lapse.
        media: Vec<Masked<String>>,
    },
    /// An e-mail.
    Mail(Box<Mail>),
    /// A call.
    Call(Box<Call>),
    /// A free answer in a chat, allowed only within the provider's [`crate::Provider::reply_window`].
    Chat {
        /// The text: 1 to 4,096 characters.
        body: Masked<String>,
    },
    /// A text that the provider has approved, with the values for its gaps.
    Approved(Box<Approved>),
    /// A push to one device.
    Push(Box<Push>),
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

/// A call that reads something out.
#[derive(Debug, Clone)]
pub struct Call {
    /// The number that is shown; one of the clinic's.
    pub from: Phone,
    /// What is said.
    pub script: Script,
    /// For how long it may ring: 5 to 600 seconds.
    pub ring_for: jiff::SignedDuration,
}

/// What a call says.
#[derive(Debug, Clone)]
pub enum Script {
    /// The same to whoever or whatever picks up, so it has to be fit for an answering machine.
    Fixed(Spoken),
    /// The provider asks this address of ours once it knows who picked up; the carrier adds `clinic`, `message`
    /// and `attempt`. [`crate::twilio::voice::answer`] writes what to say.
    Asked(String),
}

/// The words of a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spoken {
    /// The language in which they are read.
    pub language: Language,
    /// What is said to a person.
    pub person: Masked<String>,
    /// What is left on an answering machine, which anybody may hear: who called and how to call back, no more.
    pub machine: Masked<String>,
    /// The keys to press.
    pub keys: Option<Keys>,
    /// The last words, if no key was pressed.
    pub goodbye: Masked<String>,
}

/// How a call is answered by keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Keys {
    /// What tells which key does what. Every prerecorded call has to name the one that stops the calls (47 CFR
    /// 64.1200(a)(9)).
    pub prompt: Masked<String>,
    /// Address of ours that is told the key; `clinic`, `message` and `attempt` are added.
    pub told: String,
    /// For how many seconds to wait for a key.
    pub wait_seconds: u8,
}

/// A text that a provider has approved before (a template of WhatsApp).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approved {
    /// Its name at the provider.
    pub name: String,
    /// Its language at the provider, such as `en_US`.
    pub language: String,
    /// Values for the gaps of the text, in their order; each one line.
    pub values: Vec<Masked<String>>,
    /// What each quick-reply button gives back when it is pressed, in their order; at most 128 characters each.
    pub buttons: Vec<String>,
}

/// What a push shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Push {
    /// 1 to 100 characters.
    pub title: Masked<String>,
    /// 1 to 500 characters. It shows on locked screens.
    pub body: Masked<String>,
    /// Where a tap leads, inside the app or on the web.
    pub link: Option<String>,
    /// What else can be tapped: a name for the app and the words people read, at most 3.
    pub actions: Vec<(String, String)>,
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
    /// Its media type, such as `application/pdf`, at most 78 bytes. `text/calendar; method=REQUEST` is shown as
    /// an invitation.
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
