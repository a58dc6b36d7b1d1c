//! The application of a location.

use kernel::{Detail, EmailAddress, LocationId, Masked, Phone, Timestamp};
use serde::{Deserialize, Serialize};
use table::{Entity, keys::ActivationKey};

use super::{ServiceState, Window};
use crate::Place;

/// The longest sender name in characters: what a text message has room for.
const LONGEST_NAME: usize = 25;
/// The most documents of one application.
const MOST_DOCUMENTS: usize = 10;

/// Whom the platform's staff talk to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applicant {
    /// The name.
    pub name: Masked<String>,
    /// The mailbox.
    pub email: EmailAddress,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
}

/// What a clinic says of itself when it applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The name of the company.
    pub company: String,
    /// Whom to talk to.
    pub contact: Applicant,
    /// Where messages are sent from; must be the place the product was bought for.
    pub place: Place,
    /// The name in messages, 1 to 25 characters.
    pub sender_name: String,
    /// Keys of files that were uploaded, at most 10.
    #[serde(default)]
    pub documents: Vec<String>,
}

/// Text that stands in messages: short, with something in it, on one line.
fn is_line(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

impl Application {
    pub(super) fn faults(&self) -> Vec<Detail> {
        let mut faults = Vec::new();
        let mut check = |fine: bool, at: &str, says: &str| {
            if !fine {
                faults.push(Detail::new(at, says));
            }
        };
        check(is_line(&self.company, 100), "/company", "give a name of 1 to 100 characters on one line");
        check(is_name(&self.sender_name), "/sender_name", "give a name of 1 to 25 characters on one line");
        let contact = is_line(self.contact.name.reveal(), 100);
        check(contact, "/contact/name", "give a name of 1 to 100 characters on one line");
        let documents = self.documents.len() <= MOST_DOCUMENTS
            && self.documents.iter().all(|key| is_line(key, 200) && !key.contains(".."));
        check(documents, "/documents", "give at most 10 keys of files that were uploaded");
        faults
    }
}

pub(super) fn is_name(name: &str) -> bool {
    is_line(name, LONGEST_NAME)
}

/// Something that happened to an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What it is since.
    pub state: ServiceState,
    /// What the platform's staff said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// A new sender name of an active location. It is reviewed like an application; the old name stays in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderChange {
    /// The new name.
    pub sender_name: String,
    /// When it was asked for.
    pub submitted_at: Timestamp,
    /// When a decision is to be expected.
    pub window: Window,
    /// Whether the platform's staff were told that its time is over.
    #[serde(default)]
    pub overdue: bool,
}

/// The application of a location and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// The location.
    pub location: LocationId,
    /// What the clinic said.
    pub application: Application,
    /// How far it is.
    pub state: ServiceState,
    /// How many times something was handed in.
    pub round: u32,
    /// When it was handed in last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// When a decision is to be expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Whether the platform's staff were told that its time is over.
    #[serde(default)]
    pub overdue: bool,
    /// A new sender name that is not approved yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<SenderChange>,
    /// What happened, in order; the last hundred.
    pub steps: Vec<Step>,
}

impl Activation {
    /// What happened next.
    pub(super) fn step(&mut self, at: Timestamp, state: ServiceState, says: Option<String>) {
        self.state = state;
        self.steps.push(Step { at, state, says });
        let more = self.steps.len().saturating_sub(100);
        self.steps.drain(..more);
    }
}

impl Entity for Activation {
    type Key = ActivationKey;
    fn key(&self) -> ActivationKey {
        ActivationKey { location: self.location }
    }
}
