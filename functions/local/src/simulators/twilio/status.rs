//! How far a text is.

use serde::{Deserialize, Serialize};

/// The statuses of a message that occur here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::simulators) enum Status {
    /// Taken for a Messaging Service.
    Accepted,
    /// Waiting for its turn.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// With the carrier.
    Sent,
    /// On the handset.
    Delivered,
    /// Not on the handset.
    Undelivered,
    /// Not sent at all.
    Failed,
    /// From a phone.
    Received,
}

impl Status {
    /// The word on the wire.
    pub(in crate::simulators) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Received => "received",
        }
    }

    /// A message only moves to a higher rank.
    pub(in crate::simulators) fn rank(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Queued => 1,
            Self::Sending => 2,
            Self::Sent => 3,
            Self::Delivered | Self::Undelivered | Self::Failed | Self::Received => 4,
        }
    }
}
