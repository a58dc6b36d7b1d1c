//! How far an application is.

use serde::{Deserialize, Serialize};

/// How far an application is, and whether messages may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceState {
    /// Begun.
    Draft,
    /// Handed in.
    Submitted,
    /// Somebody is looking at it.
    InReview,
    /// The clinic has to answer something first.
    NeedsInfo,
    /// Messages may be sent.
    Active,
    /// Refused. It may be handed in again.
    Rejected,
    /// Stopped by the platform.
    Suspended,
}

impl ServiceState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Submitted,
        Self::InReview,
        Self::NeedsInfo,
        Self::Active,
        Self::Rejected,
        Self::Suspended,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::InReview => "IN_REVIEW",
            Self::NeedsInfo => "NEEDS_INFO",
            Self::Active => "ACTIVE",
            Self::Rejected => "REJECTED",
            Self::Suspended => "SUSPENDED",
        }
    }

    /// Whether the platform's staff have something to decide.
    pub fn is_in_moderation(self) -> bool {
        matches!(self, Self::Submitted | Self::InReview)
    }

    /// Whether the clinic may write its application: anew, or again after it was asked or refused.
    pub fn takes_application(self) -> bool {
        matches!(self, Self::Draft | Self::NeedsInfo | Self::Rejected)
    }
}
