//! What happens in calls.

use kernel::{ClinicId, MessageId, Phone};
use serde::{Deserialize, Serialize};

use crate::Provider;

/// Who or what picked up, as far as the provider can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnsweredBy {
    /// A person.
    Person,
    /// An answering machine whose greeting is over: what is said now is recorded.
    Machine,
    /// An answering machine that still speaks: what is said now is lost.
    MachineSpeaking,
    /// A fax.
    Fax,
    /// Nobody knows. Never taken for a person, and never for a delivery.
    Unknown,
}

/// What a key of the telephone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Key {
    /// The visit is confirmed.
    Confirm,
    /// The visit shall be moved.
    Change,
    /// No more calls: binding at once.
    OptOut,
}

/// A key that was pressed in a call of ours. Whoever pressed it is a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressed {
    /// Who says so.
    pub provider: Provider,
    /// The provider's id of the call.
    pub provider_id: String,
    /// Our id of the message, if it came back to us.
    pub message: Option<MessageId>,
    /// The clinic, if that came back to us.
    pub clinic: Option<ClinicId>,
    /// The attempt, if that came back to us.
    pub attempt: Option<u32>,
    /// The number that was called.
    pub by: Phone,
    /// The number of ours that called.
    pub ours: Phone,
    /// What was pressed, `0` to `9`, `*` and `#`.
    pub digits: String,
    /// What it says; `None` for a key that says nothing.
    pub key: Option<Key>,
}

/// A call to one of our numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rang {
    /// Who brought it.
    pub provider: Provider,
    /// The provider's id of it.
    pub provider_id: String,
    /// Who calls; absent if they hide their number.
    pub from: Option<Phone>,
    /// Which of our numbers.
    pub to: Phone,
}
