//! Why a step of a plan is as it is.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a step of a plan is as it is; stable words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Why {
    /// Moved to where everybody's hours are open.
    ShiftedOutOfQuietHours,
    /// Moved to an earlier day: later would be too late.
    ShiftedBeforeTheVisit,
    /// Its time had passed when the visit was booked or moved, and the rule wants it anyway.
    SentLate,
    /// A member of staff sent it before its time.
    SentByStaff,
    /// Its time had passed.
    Past,
    /// The visit was booked or moved closer than the timing of the rule.
    BookedTooLate,
    /// The rule is not for visits in this status.
    StatusNotReminded,
    /// The rule is not for visits about which the patient could not be reached.
    OutOfReach,
    /// The patient has confirmed already.
    AlreadyConfirmed,
    /// The patient will not come.
    Declined,
    /// It would go out after the visit has begun.
    AfterTheVisit,
    /// No hours are open to all before the visit.
    NoWindow,
    /// A rule for this kind of visit takes its place.
    TypeRuleApplies,
    /// The plan has as many messages as it can have.
    TooManySteps,
    /// A member of staff took it back.
    CancelledByStaff,
}

impl Why {
    /// One sentence for the desk.
    pub fn says(self) -> &'static str {
        match self {
            Self::ShiftedOutOfQuietHours => "moved to the next moment that is open to all",
            Self::ShiftedBeforeTheVisit => {
                "moved to the last open moment before, since later would be too late"
            }
            Self::SentLate => {
                "goes out at once, since its time had passed when the visit was booked or moved"
            }
            Self::SentByStaff => "staff sent it by hand",
            Self::Past => "its time had passed",
            Self::BookedTooLate => "the visit was booked or moved closer than this reminder",
            Self::StatusNotReminded => "visits in this status are not reminded of",
            Self::OutOfReach => "visits whose patient could not be reached are not reminded of",
            Self::AlreadyConfirmed => "the patient has confirmed already",
            Self::Declined => "the patient has said they will not come",
            Self::AfterTheVisit => "it would go out after the visit has begun",
            Self::NoWindow => "no hours are open to all before the visit",
            Self::TypeRuleApplies => "a rule for this kind of visit takes its place",
            Self::TooManySteps => "the plan has as many messages as it can have",
            Self::CancelledByStaff => "staff took it back",
        }
    }
}

/// A reason, with the times it speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The stable word.
    pub code: Why,
    /// The same as a sentence.
    pub says: String,
    /// From when it was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// To when it was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

impl Reason {
    /// A reason without times.
    pub fn of(code: Why) -> Self {
        Self { code, says: code.says().to_owned(), from: None, to: None }
    }

    /// A reason for a move.
    pub fn moved(code: Why, from: Timestamp, to: Timestamp) -> Self {
        Self { from: Some(from), to: Some(to), ..Self::of(code) }
    }
}
