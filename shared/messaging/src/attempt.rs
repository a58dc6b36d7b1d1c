//! One try at handing a message to a provider.

use kernel::{Masked, Timestamp};
use providers::{ErrorClass, Provider};
use serde::{Deserialize, Serialize};

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttemptStatus {
    /// The provider is being called.
    Pending,
    /// Nobody knows whether the provider took it.
    Unknown,
    /// The provider has taken it.
    Sent,
    /// It was refused or not delivered.
    Failed,
    /// It arrived.
    Delivered,
    /// It came back.
    Bounced,
    /// The mail was opened.
    Opened,
    /// A link was followed.
    Clicked,
    /// The recipient unsubscribed through it.
    Unsubscribed,
    /// The recipient reported it as unwanted.
    Complained,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptError {
    /// The provider's code, or ours if it was refused before the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it asks of us.
    pub class: ErrorClass,
    /// What happened, in one sentence without personal data.
    pub says: String,
    /// What the provider or the receiving server said; may quote the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Masked<String>>,
}

/// One try at handing a message to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub n: u32,
    /// Through whom; absent until the route is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// Through which of the clinic's accounts; absent until the route is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// How far it is.
    pub status: AttemptStatus,
    /// The provider's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// When it was claimed.
    pub at: Timestamp,
    /// When its outcome was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<AttemptError>,
    /// A machine opened it; counts as nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub machine_open: bool,
}
