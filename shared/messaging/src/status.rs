//! How far a message is. Statuses only move up a lattice, whatever order the facts arrive in.

use serde::{Deserialize, Serialize};

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// From the clinic.
    Out,
    /// To the clinic.
    In,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Being written.
    Draft,
    /// Waits for its time.
    Scheduled,
    /// Waits for the sender.
    Queued,
    /// Claimed by a sender; the provider may be hearing of it right now.
    Sending,
    /// A provider was called and nobody knows whether it took the message. Never sent again by itself.
    Unknown,
    /// A provider has taken it.
    Sent,
    /// It could not be sent or delivered.
    Failed,
    /// It arrived.
    Delivered,
    /// It came back.
    Bounced,
    /// It was read.
    Read,
    /// Taken back before it was sent.
    Cancelled,
    /// Refused by the send gate, or could not be written.
    Skipped,
    /// Its time had passed before it could be sent.
    Expired,
}

/// The order in which the outcomes of one message outrank each other. It is a total order, so that any
/// sequence of receipts, repeated or turned around, ends in the same status: a delivery report is proof over an
/// earlier failure, a bounce over a delivery (mail servers accept first and return later), reading over all.
const OUTCOMES: [Status; 7] = [
    Status::Sending,
    Status::Unknown,
    Status::Sent,
    Status::Failed,
    Status::Delivered,
    Status::Bounced,
    Status::Read,
];

impl Status {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Draft,
        Self::Scheduled,
        Self::Queued,
        Self::Sending,
        Self::Unknown,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Bounced,
        Self::Read,
        Self::Cancelled,
        Self::Skipped,
        Self::Expired,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Scheduled => "SCHEDULED",
            Self::Queued => "QUEUED",
            Self::Sending => "SENDING",
            Self::Unknown => "UNKNOWN",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
            Self::Delivered => "DELIVERED",
            Self::Bounced => "BOUNCED",
            Self::Read => "READ",
            Self::Cancelled => "CANCELLED",
            Self::Skipped => "SKIPPED",
            Self::Expired => "EXPIRED",
        }
    }

    /// Whether no provider has heard of it and none is about to: it can still be changed or taken back.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Draft | Self::Scheduled | Self::Queued)
    }

    /// Whether nothing more will happen by itself.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Failed
                | Self::Delivered
                | Self::Bounced
                | Self::Read
                | Self::Cancelled
                | Self::Skipped
                | Self::Expired
        )
    }

    fn outcome(self) -> Option<usize> {
        OUTCOMES.iter().position(|known| *known == self)
    }

    /// Where a message stands after the outside told of `news`: never lower than before. What was ended before
    /// it was sent stays ended.
    #[must_use]
    pub fn joined(self, news: Self) -> Self {
        match (self.outcome(), news.outcome()) {
            (Some(here), Some(there)) if there > here => news,
            _ => self,
        }
    }

    /// Whether a message may go from here to `next` by a decision of ours.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{Cancelled, Draft, Expired, Failed, Queued, Scheduled, Sending, Skipped, Unknown};
        match next {
            Draft => false,
            Scheduled => matches!(self, Draft | Scheduled | Queued | Sending),
            Queued => matches!(self, Draft | Scheduled | Sending),
            Sending => matches!(self, Scheduled | Queued),
            Cancelled | Skipped | Expired => self.is_pending() || self == Sending,
            Failed => self.outcome().is_some_and(|here| here <= 2),
            Unknown => self == Sending,
            _ => self.outcome().is_some() && self != next && self.joined(next) == next,
        }
    }
}

/// Why a message ended, or waits, other than by what a provider said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// A stable code, such as `NO_CONSENT` or `APPOINTMENT_MOVED`.
    pub code: String,
    /// One sentence for the desk, without personal data.
    pub says: String,
}

impl Ended {
    /// A reason.
    pub fn new(code: impl Into<String>, says: impl Into<String>) -> Self {
        Self { code: code.into(), says: says.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn only_legal_moves_are_allowed() {
        use Status::*;
        let legal = [
            (Draft, Scheduled),
            (Scheduled, Queued),
            (Queued, Sending),
            (Sending, Sent),
            (Sending, Queued),
            (Sending, Unknown),
            (Unknown, Sent),
            (Unknown, Failed),
            (Sent, Delivered),
            (Sent, Read),
            (Delivered, Read),
            (Delivered, Bounced),
            (Queued, Cancelled),
            (Sending, Expired),
        ];
        for (from, to) in legal {
            assert!(from.may_become(to), "{from:?} to {to:?}");
        }
        let illegal = [
            (Failed, Queued),
            (Failed, Sent),
            (Sent, Cancelled),
            (Cancelled, Queued),
            (Delivered, Sent),
            (Unknown, Queued),
            (Unknown, Sending),
            (Sent, Sending),
            (Skipped, Sent),
            (Read, Delivered),
            (Sent, Draft),
        ];
        for (from, to) in illegal {
            assert!(!from.may_become(to), "{from:?} to {to:?}");
        }
    }

    ///
    #[test]
    fn any_order_of_receipts_ends_in_the_same_status() {
        fn permute(rest: &mut Vec<Status>, at: Status, ends: &mut std::collections::BTreeSet<Status>) {
            if rest.is_empty() {
                ends.insert(at);
            }
            for index in 0..rest.len() {
                let news = rest.remove(index);
                permute(rest, at.joined(news), ends);
                rest.insert(index, news);
            }
        }
        let outcomes = &OUTCOMES[1..];
        for mask in 0u32..64 {
            let mut chosen: Vec<_> =
                outcomes.iter().enumerate().filter(|(i, _)| mask & (1 << i) != 0).map(|(_, s)| *s).collect();
            let mut ends = std::collections::BTreeSet::new();
            permute(&mut chosen, Status::Sending, &mut ends);
            assert_eq!(ends.len(), 1, "{chosen:?}");
        }
    }

    #[test]
    fn what_was_ended_before_sending_stays_ended() {
        for ended in [Status::Cancelled, Status::Skipped, Status::Expired] {
            assert_eq!(ended.joined(Status::Delivered), ended);
        }
    }
}
