//! Visits, planned and past: what they are, how they change, where they are listed.

mod change;
mod list;
mod status;

use jiff::civil::DateTime;
use kernel::{AppointmentId, LocationId, PersonId, PractitionerId, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use table::{
    Entity,
    keys::{AppointmentKey, AppointmentsByStart, AppointmentsOfPerson, Place},
};

pub(crate) use change::put;
pub use change::{Change, ChangeFault, Changed, NoPlan, Replan, change, change_within};
pub use list::{between, of_person};
pub use status::{Answer, Filter, How, Status};

use crate::origin::Origin;

/// What the patient said about coming, and how we know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Confirmation {
    /// What they said.
    pub answer: Answer,
    /// Who said it: an id of a person or of a caller, or the name of a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
}

/// A visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// The id, derived from the origin.
    pub id: AppointmentId,
    /// Who comes.
    pub person: PersonId,
    /// Who sees them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioner: Option<PractitionerId>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// What for, in the source's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// The zone of the place.
    pub zone: Zone,
    /// What the clock on the wall of the place shows when it begins.
    pub wall: DateTime,
    /// Where it stands.
    pub status: Status,
    /// What the patient said.
    #[serde(default)]
    pub confirmation: Confirmation,
    /// An attempt to reach the patient about it failed.
    #[serde(default)]
    pub out_of_reach: bool,
    /// The patient's first visit.
    #[serde(default)]
    pub first_visit: bool,
    /// It takes place over a video link.
    #[serde(default)]
    pub online: bool,
    /// When it was booked.
    pub created_at: Timestamp,
    /// Why it was called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// How often it changed in a way that makes planned messages wrong: another start, place, practitioner or
    /// person, closed or opened again.
    pub generation: u32,
    /// Deleted at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Appointment {
    /// Whether it is still to come or under way.
    pub fn is_open(&self) -> bool {
        self.deleted_at.is_none() && self.status.is_open()
    }

    /// Whether messages may still speak of it as something to come.
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        self.deleted_at.is_none() && self.status.is_ahead() && now < self.starts_at
    }

    /// Whether a list in these words shows it.
    pub fn is_in(&self, filter: Filter) -> bool {
        filter.takes(self.status, self.confirmation.answer, self.out_of_reach)
    }

    /// Puts the visit at another time.
    pub(crate) fn place(&mut self, starts_at: Timestamp, ends_at: Timestamp, zone: Zone) {
        self.wall = zone.wall(starts_at);
        (self.starts_at, self.ends_at, self.zone) = (starts_at, ends_at, zone);
    }

    /// Takes the consequences of having become different from `before`: a visit at another time is one nobody
    /// has confirmed, unless the answer came along, and planned messages about the old one are void.
    pub(crate) fn follow(&mut self, before: &Self) {
        let moved = self.starts_at != before.starts_at;
        if moved && self.confirmation == before.confirmation {
            self.confirmation = Confirmation::default();
            if self.status == Status::Confirmed && before.status == Status::Confirmed {
                self.status = Status::Scheduled;
            }
        }
        if moved && self.out_of_reach == before.out_of_reach {
            self.out_of_reach = false;
        }
        let matters = moved
            || self.person != before.person
            || self.location != before.location
            || self.practitioner != before.practitioner
            || self.is_open() != before.is_open();
        self.generation = before.generation + u32::from(matters);
    }
}

impl Entity for Appointment {
    type Key = AppointmentKey;

    fn key(&self) -> AppointmentKey {
        AppointmentKey { appointment: self.id }
    }

    fn listed(&self) -> Option<Place> {
        self.deleted_at
            .is_none()
            .then(|| AppointmentsByStart { start: self.starts_at, appointment: self.id }.into())
    }

    fn held(&self) -> Option<Place> {
        self.deleted_at.is_none().then(|| {
            AppointmentsOfPerson { person: self.person, start: self.starts_at, appointment: self.id }.into()
        })
    }
}
