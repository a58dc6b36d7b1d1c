//! The life of an appointment: its statuses, which may follow which, and the words others use for them.

use serde::{Deserialize, Serialize};

/// Where an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It is booked.
    Scheduled,
    /// It is booked and the patient has said they will come.
    Confirmed,
    /// The patient is here.
    Arrived,
    /// It is under way.
    InProgress,
    /// It took place.
    Completed,
    /// It began and was broken off.
    Incomplete,
    /// The patient did not come.
    NoShow,
    /// It was called off.
    Cancelled,
}

use Status::{Arrived, Cancelled, Completed, Confirmed, InProgress, Incomplete, NoShow, Scheduled};

impl Status {
    /// All of them, in the order of an appointment's life.
    pub const ALL: [Self; 8] =
        [Scheduled, Confirmed, Arrived, InProgress, Completed, Incomplete, NoShow, Cancelled];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Scheduled => "SCHEDULED",
            Confirmed => "CONFIRMED",
            Arrived => "ARRIVED",
            InProgress => "IN_PROGRESS",
            Completed => "COMPLETED",
            Incomplete => "INCOMPLETE",
            NoShow => "NO_SHOW",
            Cancelled => "CANCELLED",
        }
    }

    /// Reads a name: ours in any case, with spaces or hyphens for the underscore, or FHIR's.
    pub fn read(text: &str) -> Option<Self> {
        let word: String = text
            .trim()
            .chars()
            .map(|letter| if matches!(letter, ' ' | '-') { '_' } else { letter.to_ascii_uppercase() })
            .collect();
        Self::ALL.into_iter().find(|status| status.name() == word).or_else(|| Self::from_fhir(text.trim()))
    }

    /// Whether the patient is still to be expected or is here.
    pub fn is_open(self) -> bool {
        matches!(self, Scheduled | Confirmed | Arrived | InProgress)
    }

    /// Whether the visit has not begun.
    pub fn is_ahead(self) -> bool {
        matches!(self, Scheduled | Confirmed)
    }

    /// What a member of staff or a patient can make of it. The other system, which is master, may do anything.
    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    fn next(self) -> &'static [Self] {
        match self {
            Scheduled => &[Confirmed, Arrived, InProgress, Completed, Incomplete, NoShow, Cancelled],
            Confirmed => &[Scheduled, Arrived, InProgress, Completed, Incomplete, NoShow, Cancelled],
            Arrived => &[InProgress, Completed, Incomplete, NoShow, Cancelled],
            InProgress => &[Completed, Incomplete],
            // Marked too soon, or came late after all.
            NoShow => &[Scheduled, Arrived, Completed],
            Incomplete => &[Scheduled, Completed],
            // Called off by mistake: the slot is taken up again.
            Cancelled => &[Scheduled],
            Completed => &[Incomplete],
        }
    }

    /// FHIR's word (Appointment.status, R4). A visit under way is an Encounter there; the appointment is then
    /// still `arrived`.
    pub fn fhir(self) -> &'static str {
        match self {
            Scheduled | Confirmed => "booked",
            Arrived | InProgress => "arrived",
            Completed | Incomplete => "fulfilled",
            NoShow => "noshow",
            Cancelled => "cancelled",
        }
    }

    /// What FHIR's word means here; words for what is no appointment (`entered-in-error`, `waitlist`) mean none.
    pub fn from_fhir(word: &str) -> Option<Self> {
        match word {
            "booked" | "pending" | "proposed" => Some(Scheduled),
            "arrived" | "checked-in" => Some(Arrived),
            "fulfilled" => Some(Completed),
            "noshow" => Some(NoShow),
            "cancelled" => Some(Cancelled),
            _ => None,
        }
    }
}

/// What is known about whether the patient will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Answer {
    /// Nobody asked.
    #[default]
    Unconfirmed,
    /// Asked, no answer.
    Pending,
    /// They will.
    Confirmed,
    /// They will not.
    Declined,
}

impl Answer {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Pending => "PENDING",
            Self::Confirmed => "CONFIRMED",
            Self::Declined => "DECLINED",
        }
    }
}

/// How an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum How {
    /// By answering a message.
    Reply,
    /// By following a link.
    Link,
    /// In the portal.
    Portal,
    /// By phone; a member of staff wrote it down.
    Phone,
    /// The other system said so.
    Source,
}

/// Which appointments a list shows, in the words clinics use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// In this status.
    Status(Status),
    /// Booked, and the patient has not answered.
    Pending,
    /// Still open, and an attempt to reach the patient failed.
    OutOfReach,
}

impl Filter {
    /// Reads a word: `Pending`, `Out of Reach`, or a status.
    pub fn read(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().replace(['_', '-'], " ").as_str() {
            "pending" => Some(Self::Pending),
            "out of reach" => Some(Self::OutOfReach),
            _ => Status::read(text).map(Self::Status),
        }
    }

    /// Whether an appointment in this state is shown.
    pub fn takes(self, status: Status, answer: Answer, out_of_reach: bool) -> bool {
        match self {
            Self::Status(wanted) => status == wanted,
            Self::Pending => status == Scheduled && matches!(answer, Answer::Unconfirmed | Answer::Pending),
            Self::OutOfReach => status.is_open() && out_of_reach,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn statuses_lead_on_and_never_to_themselves() {
        for status in Status::ALL {
            assert!(!status.may_become(status));
            assert_eq!(Status::read(status.name()), Some(status));
            assert!(!status.next().is_empty());
            assert!(Status::from_fhir(status.fhir()).is_some());
        }
        assert!(!Completed.may_become(Scheduled) && !InProgress.may_become(Cancelled));
        assert!(Cancelled.may_become(Scheduled) && NoShow.may_become(Arrived));
    }

    #[rstest]
    #[case("Pending", Scheduled, Answer::Pending, false, true)]
    #[case("pending", Scheduled, Answer::Unconfirmed, false, true)]
    #[case("Pending", Scheduled, Answer::Declined, false, false)]
    #[case("Pending", Confirmed, Answer::Confirmed, false, false)]
    #[case("Out of Reach", Confirmed, Answer::Confirmed, true, true)]
    #[case("OUT_OF_REACH", Cancelled, Answer::Pending, true, false)]
    #[case("No-show", NoShow, Answer::Pending, false, true)]
    #[case("noshow", NoShow, Answer::Pending, false, true)]
    #[case("in progress", InProgress, Answer::Pending, false, true)]
    fn filters_take_the_words_clinics_use(
        #[case] word: &str,
        #[case] status: Status,
        #[case] answer: Answer,
        #[case] out_of_reach: bool,
        #[case] shown: bool,
    ) {
        assert_eq!(Filter::read(word).unwrap().takes(status, answer, out_of_reach), shown);
    }

    #[test]
    fn strange_words_are_no_filter() {
        assert_eq!(Filter::read("entered-in-error"), None);
        assert_eq!(Filter::read(""), None);
    }
}
