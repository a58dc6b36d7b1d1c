//! The ledger: what was agreed to and ended, with the evidence for it. Events are written once.

use audit::Who;
use kernel::{Category, Channel, EventId, Masked, PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{Digest, Entity, keys};

use super::{Level, StopReason};
use crate::rules::Scope;

/// In which way somebody said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Method {
    /// On a page of the web.
    Web,
    /// By text message.
    Sms,
    /// By e-mail.
    Email,
    /// To a member of staff, in person or by phone.
    Verbal,
    /// On a form, of paper or on a screen.
    Form,
    /// By a link that was sent to the address.
    Link,
    /// Through the provider: a bounce, a complaint, a block.
    Provider,
    /// It was recorded in another system before.
    Import,
    /// By a member of staff, without the reader.
    Staff,
}

/// What shows that it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// In which way.
    pub method: Method,
    /// When it was said; the past for what is recorded later.
    pub at: Timestamp,
    /// The version of the text that was shown or read out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_version: Option<String>,
    /// The words that were said or written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Masked<String>>,
    /// Where it came from on the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<Masked<String>>,
    /// The provider's id of the message that said it. The same id is the same evidence, however often it comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_message: Option<String>,
    /// Why, or where the paper is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Masked<String>>,
}

impl Evidence {
    /// Evidence of a method at an instant, with nothing more to it.
    pub fn of(method: Method, at: Timestamp) -> Self {
        Self { method, at, text_version: None, words: None, ip: None, provider_message: None, note: None }
    }
}

/// Who wrote it down.
pub type By = Who;

/// What an event does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Deed {
    /// Messages of these kinds are agreed to over this channel.
    Granted {
        /// The channel.
        channel: Channel,
        /// The kinds.
        categories: Vec<Category>,
        /// How far.
        level: Level,
    },
    /// Messages end.
    Stopped {
        /// Which.
        scope: Scope,
        /// Why.
        reason: StopReason,
    },
    /// What ended messages does so no longer.
    Released {
        /// What was ended.
        scope: Scope,
        /// What had ended them.
        reason: StopReason,
    },
}

impl Deed {
    /// The name in the audit log.
    pub(super) fn action(&self) -> &'static str {
        match self {
            Self::Granted { .. } => "consent.granted",
            Self::Stopped { .. } => "consent.stopped",
            Self::Released { .. } => "consent.released",
        }
    }
}

/// An event of the ledger. It takes effect at the time of its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentEvent {
    /// The id; it follows from the evidence where that names a message of a provider.
    pub id: EventId,
    /// The address, as a digest.
    pub address: Digest,
    /// The person it was about, if one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// From when on it counts.
    pub at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Who wrote it down.
    pub by: By,
    /// What it does.
    #[serde(flatten)]
    pub deed: Deed,
    /// What shows it.
    pub evidence: Evidence,
}

impl Entity for ConsentEvent {
    type Key = keys::ConsentEventKey;

    fn key(&self) -> keys::ConsentEventKey {
        keys::ConsentEventKey { address: self.address, at: self.at, event: self.id }
    }

    fn held(&self) -> Option<keys::Place> {
        let person = self.person?;
        Some(keys::ConsentOfPerson { person, at: self.at, event: self.id }.into())
    }
}
