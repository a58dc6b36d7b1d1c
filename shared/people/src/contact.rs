//! Ways to reach one person.

use kernel::{ContactId, EmailAddress, Id, Masked, PersonId, Phone, Timestamp};
use serde::{Deserialize, Serialize};

use crate::phone::{PhoneProblem, Region, read_phone};

/// What kind of way it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactKind {
    /// A private mailbox.
    Email,
    /// A phone that takes texts.
    Text,
    /// A phone for calls.
    Phone,
    /// A mailbox at work.
    WorkEmail,
    /// A phone at work.
    WorkPhone,
    /// A device with our app.
    App,
}

impl ContactKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Email, Self::Text, Self::Phone, Self::WorkEmail, Self::WorkPhone, Self::App];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Text => "TEXT",
            Self::Phone => "PHONE",
            Self::WorkEmail => "WORK_EMAIL",
            Self::WorkPhone => "WORK_PHONE",
            Self::App => "APP",
        }
    }

    /// Whether the value is a mailbox.
    pub fn is_mailbox(self) -> bool {
        matches!(self, Self::Email | Self::WorkEmail)
    }

    /// Whether the value is a phone number.
    pub fn is_phone(self) -> bool {
        matches!(self, Self::Text | Self::Phone | Self::WorkPhone)
    }
}

/// What is known about whether it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactStatus {
    /// Nothing yet.
    #[default]
    Unverified,
    /// Somebody answered or followed a link.
    Verified,
    /// It bounces, is no mobile, or belongs to somebody else.
    Bad,
}

/// One way to reach a person. Its id follows from the person, the kind and the value: the same number told
/// twice is the same contact point and keeps what we learnt about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    /// The id.
    pub id: ContactId,
    /// The kind.
    pub kind: ContactKind,
    /// E.164, an e-mail address, or the token of a device.
    pub value: Masked<String>,
    /// What to dial after the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// 1 is tried first.
    pub rank: u8,
    /// Whether it works.
    #[serde(default)]
    pub status: ContactStatus,
    /// Why the status is what it is, as a stable word such as `hard_bounce` or `wrong_person`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// Since when the status is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_at: Option<Timestamp>,
    /// The person it came from when two persons were merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_from: Option<PersonId>,
}

/// Why a value cannot be a contact point of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactProblem {
    /// No number.
    #[error(transparent)]
    Phone(#[from] PhoneProblem),
    /// No address.
    #[error(transparent)]
    Email(#[from] kernel::NotAnEmail),
    /// No device.
    #[error("a device token has 8 to 400 letters, digits and - _ : . signs")]
    Device,
}

impl ContactProblem {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Phone(problem) => problem.code(),
            Self::Email(_) => "email_invalid",
            Self::Device => "device_invalid",
        }
    }
}

impl ContactPoint {
    /// A contact point from what was typed or imported. Phones become E.164; mailboxes are checked; a number
    /// that takes no texts cannot be a `TEXT` contact point.
    pub fn read(
        person: PersonId,
        kind: ContactKind,
        text: &str,
        rank: u8,
        region: Region,
    ) -> Result<Self, ContactProblem> {
        let (value, extension) = if kind.is_phone() {
            let read = read_phone(text, region)?;
            if kind == ContactKind::Text {
                read.for_texts()?;
            }
            (read.phone.as_str().to_owned(), read.extension)
        } else if kind.is_mailbox() {
            (text.trim().parse::<EmailAddress>()?.as_str().to_owned(), None)
        } else {
            let fits = (8..=400).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:.".contains(&b));
            (fits.then(|| text.to_owned()).ok_or(ContactProblem::Device)?, None)
        };
        Ok(Self {
            id: ContactId::derived(&[&person.to_string(), kind.name(), &folded(&value)]),
            kind,
            value: value.into(),
            extension,
            rank,
            status: ContactStatus::Unverified,
            status_reason: None,
            status_at: None,
            merged_from: None,
        })
    }

    /// The number, if it is one.
    pub fn phone(&self) -> Option<Phone> {
        self.kind.is_phone().then(|| self.value.reveal().parse().ok()).flatten()
    }

    /// The mailbox, if it is one.
    pub fn email(&self) -> Option<EmailAddress> {
        self.kind.is_mailbox().then(|| self.value.reveal().parse().ok()).flatten()
    }

    /// The form under which two spellings of the value are the same.
    pub fn folded(&self) -> String {
        folded(self.value.reveal())
    }

    /// Whether it may be tried.
    pub fn is_usable(&self) -> bool {
        self.status != ContactStatus::Bad
    }
}

/// The form under which two spellings of an address are the same: mailboxes in lower case, numbers as they are.
pub fn folded(value: &str) -> String {
    if value.contains('@') { value.to_ascii_lowercase() } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn read(kind: ContactKind, text: &str) -> Result<ContactPoint, ContactProblem> {
        ContactPoint::read(PersonId::FIRST, kind, text, 1, Region::us())
    }

    /// D-19, D-20
    #[rstest]
    #[case(ContactKind::Text, "(212) 555-0123", Ok("+12125550123"))]
    #[case(ContactKind::Text, "(800) 555-0123", Err("phone_toll_free"))]
    #[case(ContactKind::Text, "900-555-0100", Err("phone_premium"))]
    #[case(ContactKind::Phone, "(800) 555-0123", Ok("+18005550123"))]
    #[case(ContactKind::WorkPhone, "212 555 0123 x45", Ok("+12125550123"))]
    #[case(ContactKind::Email, " Ana@Example.COM ", Ok("Ana@example.com"))]
    #[case(ContactKind::WorkEmail, "ana@office", Err("email_invalid"))]
    #[case(ContactKind::App, "fcm:abc-DEF_123", Ok("fcm:abc-DEF_123"))]
    #[case(ContactKind::App, "no token", Err("device_invalid"))]
    fn values_fit_their_kind(
        #[case] kind: ContactKind,
        #[case] text: &str,
        #[case] value: Result<&str, &str>,
    ) {
        let read = read(kind, text);
        assert_eq!(read.as_ref().map(|c| c.value.reveal().as_str()).map_err(|e| e.code()), value);
    }

    /// D-19
    #[test]
    fn two_spellings_are_one_contact_point() {
        let (a, b) = (read(ContactKind::Email, "Ana@x.com").unwrap(), read(ContactKind::Email, "ana@X.com"));
        assert_eq!(a.id, b.unwrap().id);
        let text = read(ContactKind::Text, "+12125550123").unwrap();
        assert_ne!(text.id, read(ContactKind::Phone, "+12125550123").unwrap().id);
        assert!(!format!("{text:?}").contains("5550123"));
    }
}
