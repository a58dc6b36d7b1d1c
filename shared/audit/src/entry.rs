//! An entry of the log.

use std::net::IpAddr;

use jiff::civil::Time;
use kernel::{ClinicId, EventId, Id, Language, PersonId, RequestId, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use table::{
    Entity,
    keys::{AuditEntryKey, AuditSeenKey},
};

use crate::Who;

/// How much an entry matters to whoever watches the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Daily work.
    Info,
    /// An attempt that was refused, or something unusual.
    Warning,
    /// A change to who may do what, or a sign of an attack.
    Critical,
}

/// Whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was.
    Allowed,
    /// It was refused.
    Denied,
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What kind of thing.
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// A value without personal data. There is no way to make one from text that was read: only from numbers,
/// instants, ids, zones, languages and words that stand in the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Plain {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(i64),
    /// An id, an instant or a word of the program.
    Word(Word),
}

/// A word of the program, an instant or an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Word(String);

impl Plain {
    /// An id.
    pub fn id(id: impl Id) -> Self {
        Self::Word(Word(id.to_string()))
    }

    /// Several words of the program, in their order.
    pub fn words(words: impl IntoIterator<Item = &'static str>) -> Self {
        Self::Word(Word(words.into_iter().collect::<Vec<_>>().join(", ")))
    }

    /// An id of any of our kinds, if the text has the form of one.
    pub fn like_an_id(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_once('_')?;
        let fits = prefix.len() == 3
            && prefix.bytes().all(|b| b.is_ascii_lowercase())
            && rest.len() == 26
            && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        fits.then(|| Self::Word(Word(text.to_owned())))
    }
}

impl From<bool> for Plain {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for Plain {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Plain {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<&'static str> for Plain {
    fn from(word: &'static str) -> Self {
        Self::Word(Word(word.to_owned()))
    }
}

impl From<Time> for Plain {
    fn from(time: Time) -> Self {
        Self::Word(Word(time.to_string()))
    }
}

impl From<&Zone> for Plain {
    fn from(zone: &Zone) -> Self {
        Self::Word(Word(zone.name().to_owned()))
    }
}

impl From<&Language> for Plain {
    fn from(language: &Language) -> Self {
        Self::Word(Word(language.as_str().to_owned()))
    }
}

impl From<Timestamp> for Plain {
    fn from(at: Timestamp) -> Self {
        Self::Word(Word(at.to_string()))
    }
}

/// A field that changed. Without values it says only that the field did: so with names, numbers and addresses
/// of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The name of the field.
    pub field: String,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Plain>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Plain>,
}

/// In which way patient data was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessKind {
    /// Shown.
    View,
    /// Taken out as a file.
    Export,
    /// Put on paper.
    Print,
}

/// Why patient data was taken out; the purposes that HIPAA knows (45 CFR 164.506, 164.508, 164.512, 164.524).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Care.
    Treatment,
    /// Money.
    Payment,
    /// Running the clinic.
    Operations,
    /// The patient asked for it.
    PatientRequest,
    /// The patient signed for it.
    Authorization,
    /// A law demands it.
    RequiredByLaw,
}

/// How patient data was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// In which way.
    pub kind: AccessKind,
    /// Which groups of fields.
    pub fields: Vec<String>,
    /// Why; always there for exports and prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
}

/// One thing that somebody did, or tried to do. Seals cover its JSON as this struct writes it: a field that is
/// added one day must be optional and left out where absent, or older entries would look edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Rises with time; the order of the log.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// In which clinic.
    pub clinic: ClinicId,
    /// Who.
    pub who: Who,
    /// In which request; absent in the background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// From which address, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// What, as `thing.done`.
    pub action: String,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it was done.
    pub outcome: Outcome,
    /// To what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The patients it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<PersonId>,
    /// How patient data was reached, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// The fields that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

impl Entity for Entry {
    type Key = AuditEntryKey;
    fn key(&self) -> AuditEntryKey {
        AuditEntryKey { entry: self.id }
    }
}

/// An entry that concerns a patient, found from the patient. Made while sealing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The patient.
    pub patient: PersonId,
    /// The entry.
    pub entry: EventId,
}

impl Entity for Seen {
    type Key = AuditSeenKey;
    fn key(&self) -> AuditSeenKey {
        AuditSeenKey { person: self.patient, entry: self.entry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_look_like_ids() {
        assert!(Plain::like_an_id(&PersonId::FIRST.to_string()).is_some());
        for other in ["", "ana@example.com", "per_", "Ana_00000000000000000000000000", "+12125550123"] {
            assert!(Plain::like_an_id(other).is_none(), "{other}");
        }
    }
}
