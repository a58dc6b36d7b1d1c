//! Addresses as consent sees them: shared by whoever reads there, and never in a key.

use kernel::{Channel, EmailAddress, Masked, Phone};
use table::Digest;

/// A number, a mailbox or a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A phone number; texts, calls and WhatsApp reach it.
    Phone(Phone),
    /// A mailbox.
    Email(EmailAddress),
    /// A device with our app.
    Device(Masked<String>),
}

/// The text is neither a number nor a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a phone number in international form nor an e-mail address")]
pub struct AddressError;

impl Address {
    /// An address as a contact point or a provider writes it.
    pub fn read(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.contains('@') {
            text.parse().map(Self::Email).map_err(|_| AddressError)
        } else {
            text.parse().map(Self::Phone).map_err(|_| AddressError)
        }
    }

    /// What stands for the address in keys; the same for every spelling of it, and the same that contact points
    /// have in their folded form.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Phone(phone) => Digest::of(phone.as_str()),
            Self::Email(email) => Digest::of(&email.folded()),
            Self::Device(token) => Digest::of(token.reveal()),
        }
    }

    /// The end of it, by which staff tells addresses apart: the last two digits, or the domain.
    pub fn ending(&self) -> String {
        match self {
            Self::Phone(phone) => phone.as_str().chars().skip(phone.as_str().len() - 2).collect(),
            Self::Email(email) => format!("@{}", email.domain()),
            Self::Device(_) => "device".to_owned(),
        }
    }

    /// Whether messages of a channel can go there.
    pub fn takes(&self, channel: Channel) -> bool {
        match self {
            Self::Phone(_) => matches!(channel, Channel::Sms | Channel::Voice | Channel::Whatsapp),
            Self::Email(_) => channel == Channel::Email,
            Self::Device(_) => channel == Channel::Push,
        }
    }
}

impl From<Phone> for Address {
    fn from(phone: Phone) -> Self {
        Self::Phone(phone)
    }
}

impl From<EmailAddress> for Address {
    fn from(email: EmailAddress) -> Self {
        Self::Email(email)
    }
}
