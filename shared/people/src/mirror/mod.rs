//! The mirror of facts whose master is another system: statements, and how they change what we know.

mod appointment_facts;
mod desk;
mod person_facts;
mod place_facts;
mod put;
mod read;
mod settle;
mod take;

use jiff::civil::Date;
use kernel::{AppointmentId, Detail, Id, LocationId, PersonId, PractitionerId, Timestamp};
use serde_json::Value;
use table::ClinicTable;

pub use appointment_facts::AppointmentFacts;
pub(crate) use desk::Desk;
pub use desk::{DeskFault, Effect};
pub use person_facts::PersonFacts;
pub use place_facts::{LocationFacts, PractitionerFacts};
pub use put::{MirrorFault, Put, put};
pub use read::{Given, When};
pub(crate) use read::{Object, pointer};
pub(crate) use take::{Group, Rule, Taken, take};

use crate::{
    origin::{Origin, is_source_id, mirrored},
    phone::Region,
};

/// The kinds of things that are mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Persons: patients, guardians.
    Person,
    /// Visits.
    Appointment,
    /// Members of staff.
    Practitioner,
    /// Places.
    Location,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Person, Self::Appointment, Self::Practitioner, Self::Location];

    /// The name in addresses and mapping files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Appointment => "appointment",
            Self::Practitioner => "practitioner",
            Self::Location => "location",
        }
    }

    /// Reads a name.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What must be known to read what a source says.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// Whose facts.
    pub table: &'a ClinicTable,
    /// Which system speaks; ids in what it says are its own.
    pub source: &'a str,
    /// Where numbers without a country code are dialled.
    pub region: Region,
    /// The day in the clinic's zone.
    pub today: Date,
    /// A contact point that cannot be read is left out with a warning instead of refusing the whole.
    pub drops_bad_contacts: bool,
}

impl Reading<'_> {
    /// Our id for an id of the source.
    pub fn id<I: Id>(&self, id: &str) -> I {
        mirrored(self.table, self.source, id)
    }

    /// A field that holds an id of the source.
    fn foreign<I: Id>(&self, object: &mut Object<'_>, name: &'static str) -> Given<I> {
        object.word(name, "must be an id of the source system, 1 to 120 characters", |text| {
            is_source_id(text).then(|| self.id(text))
        })
    }

    /// Reads what the source says about one of its things. Returns what is wrong with it, by field.
    pub fn statement(
        &self,
        kind: Kind,
        origin: Origin,
        data: &Value,
        at: &str,
        warnings: &mut Vec<Detail>,
    ) -> Result<Statement, Vec<Detail>> {
        let says = match kind {
            Kind::Person => {
                let person = self.id(&origin.id);
                Says::Person(person, Box::new(PersonFacts::read(self, person, data, at, warnings)?))
            }
            Kind::Appointment => {
                let facts = AppointmentFacts::read(self, data, at)?;
                Says::Appointment(self.id(&origin.id), Box::new(facts))
            }
            Kind::Practitioner => Says::Practitioner(self.id(&origin.id), PractitionerFacts::read(data, at)?),
            Kind::Location => {
                Says::Location(self.id(&origin.id), Box::new(LocationFacts::read(self, data, at)?))
            }
        };
        Ok(Statement { origin, says })
    }

    /// That a thing of the source is gone.
    pub fn gone(&self, kind: Kind, origin: Origin) -> Statement {
        let says = match kind {
            Kind::Person => Says::PersonGone(self.id(&origin.id)),
            Kind::Appointment => Says::AppointmentGone(self.id(&origin.id)),
            Kind::Practitioner => Says::PractitionerGone(self.id(&origin.id)),
            Kind::Location => Says::LocationGone(self.id(&origin.id)),
        };
        Statement { origin, says }
    }
}

/// One thing a source says.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Who says it, about what, as of when.
    pub origin: Origin,
    pub(crate) says: Says,
}

impl Statement {
    /// What kind of thing it is about.
    pub(crate) fn kind(&self) -> Kind {
        match &self.says {
            Says::Person(..) | Says::PersonGone(_) | Says::Merged(..) => Kind::Person,
            Says::Appointment(..) | Says::AppointmentGone(_) => Kind::Appointment,
            Says::Practitioner(..) | Says::PractitionerGone(_) => Kind::Practitioner,
            Says::Location(..) | Says::LocationGone(_) => Kind::Location,
        }
    }

    /// The person it describes, if it describes one.
    pub(crate) fn person(&self) -> Option<PersonId> {
        match &self.says {
            Says::Person(id, _) => Some(*id),
            _ => None,
        }
    }
}

/// What is said, by kind.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    Person(PersonId, Box<PersonFacts>),
    PersonGone(PersonId),
    /// The first person turned out to be the second.
    Merged(PersonId, PersonId),
    Appointment(AppointmentId, Box<AppointmentFacts>),
    AppointmentGone(AppointmentId),
    Practitioner(PractitionerId, PractitionerFacts),
    PractitionerGone(PractitionerId),
    Location(LocationId, Box<LocationFacts>),
    LocationGone(LocationId),
}

/// Why a statement was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong, by field.
    pub details: Vec<Detail>,
    /// It is about something we do not know yet and tells too little to begin with.
    pub about_unknown: bool,
}

impl Refused {
    pub(crate) fn wrong(at: &str, says: &str) -> Self {
        Self { details: vec![Detail::new(at, says)], about_unknown: false }
    }

    pub(crate) fn unknown(at: &str, says: &str) -> Self {
        Self { about_unknown: true, ..Self::wrong(at, says) }
    }
}

/// The latest instant a source may claim for a change: a little tolerance for clocks that are ahead.
pub(crate) fn latest_claim(now: Timestamp) -> Timestamp {
    now.saturating_add(jiff::SignedDuration::from_hours(24)).unwrap_or(now)
}
