//! Statements laid beside what the table holds, until they are written together.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
};

use kernel::{AppointmentId, Fault, Id, LocationId, PersonId, PractitionerId, Timestamp};
use table::{
    ClinicTable, Entity, Kept, TableFault, Write,
    keys::{AppointmentKey, LocationKey, PersonKey, PractitionerKey},
};

use super::{Reading, Refused, Rule, Says, Statement, appointment_facts::Zones};
use crate::{
    address::put_person,
    appointments::{self, Appointment, Replan},
    clinic::Clinic,
    location::Location,
    person::Person,
    practitioner::Practitioner,
};

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Effect {
    /// It made something new.
    Created,
    /// It changed something.
    Updated,
    /// It told what was known.
    Unchanged,
    /// It is as old as what was known, and was ignored.
    Same,
    /// It is older than what was known, and was ignored.
    Older,
}

/// A desk could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DeskFault {
    /// The clinic has no settings.
    #[error("the clinic is not set up")]
    NoClinic,
    /// The table.
    #[error(transparent)]
    Table(#[from] TableFault),
}

impl Fault for DeskFault {
    fn kind(&self) -> kernel::Kind {
        match self {
            Self::NoClinic => kernel::Kind::NotFound,
            Self::Table(fault) => fault.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NoClinic => "clinic_not_set_up",
            Self::Table(fault) => fault.code(),
        }
    }
}

/// One thing: as the table holds it, and as it will be.
#[derive(Debug, Clone)]
struct Slot<E> {
    kept: Option<Kept<E>>,
    next: Option<E>,
}

impl<E> Slot<E> {
    fn current(&self) -> Option<&E> {
        self.next.as_ref().or(self.kept.as_deref())
    }
}

/// The things of one kind that statements are about.
#[derive(Debug)]
pub(super) struct Shelf<I, E>(BTreeMap<I, Slot<E>>);

impl<I: Id + Hash, E: Entity + Clone + PartialEq> Shelf<I, E> {
    fn new() -> Self {
        Self(BTreeMap::new())
    }

    async fn load(
        &mut self,
        table: &ClinicTable,
        wanted: impl IntoIterator<Item = I>,
        key: impl Fn(I) -> E::Key,
    ) -> Result<(), TableFault> {
        let missing: BTreeSet<I> = wanted.into_iter().filter(|id| !self.0.contains_key(id)).collect();
        let missing: Vec<I> = missing.into_iter().collect();
        let keys: Vec<E::Key> = missing.iter().map(|id| key(*id)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        for (id, kept) in missing.into_iter().zip(table.get_many::<E>(&keys).await?) {
            self.0.insert(id, Slot { kept, next: None });
        }
        Ok(())
    }

    pub(super) fn current(&self, id: I) -> Option<&E> {
        self.0.get(&id).and_then(Slot::current)
    }

    fn next(&self, id: I) -> Option<E> {
        self.0.get(&id).and_then(|slot| slot.next.clone())
    }

    /// Puts something on the shelf; nothing if the table holds the very same.
    pub(super) fn set(&mut self, id: I, next: Option<E>) {
        let slot = self.0.entry(id).or_insert(Slot { kept: None, next: None });
        slot.next = next.filter(|next| slot.kept.as_deref() != Some(next));
    }

    fn changed(&self) -> impl Iterator<Item = (I, Option<&Kept<E>>, &E)> {
        self.0.iter().filter_map(|(id, slot)| Some((*id, slot.kept.as_ref(), slot.next.as_ref()?)))
    }

    /// What was written must be read again before it can be changed again.
    fn settle(&mut self) {
        self.0.retain(|_, slot| slot.next.is_none());
    }

    fn forget(&mut self) {
        self.0.values_mut().for_each(|slot| slot.next = None);
    }
}

/// The desk.
pub(crate) struct Desk<'a> {
    pub(super) table: &'a ClinicTable,
    pub(crate) clinic: Kept<Clinic>,
    pub(super) zones: Zones,
    pub(super) persons: Shelf<PersonId, Person>,
    pub(super) appointments: Shelf<AppointmentId, Appointment>,
    pub(super) practitioners: Shelf<PractitionerId, Practitioner>,
    pub(super) locations: Shelf<LocationId, Location>,
}

/// More places than a clinic has.
const MOST_LOCATIONS: u16 = 500;
/// How often a merged person may have been merged on.
const MOST_MERGES: usize = 5;

impl<'a> Desk<'a> {
    /// Sets up a desk: reads the clinic and the zones of its places.
    pub(crate) async fn open(table: &'a ClinicTable) -> Result<Self, DeskFault> {
        let clinic = Clinic::read(table).await?.ok_or(DeskFault::NoClinic)?;
        let locations = table.list_short::<Location>(&LocationKey::within(), MOST_LOCATIONS).await?;
        let zones = Zones {
            clinic: clinic.zone.clone(),
            locations: locations
                .iter()
                .filter(|location| location.deleted_at.is_none())
                .map(|location| (location.id, location.zone.clone()))
                .collect::<HashMap<_, _>>(),
        };
        Ok(Self {
            table,
            clinic,
            zones,
            persons: Shelf::new(),
            appointments: Shelf::new(),
            practitioners: Shelf::new(),
            locations: Shelf::new(),
        })
    }

    /// How to read what `source` says here.
    pub(crate) fn reading<'b>(&self, source: &'b str) -> Reading<'b>
    where
        'a: 'b,
    {
        let now = self.table.clock().now();
        Reading {
            table: self.table,
            source,
            region: self.clinic.region,
            today: self.clinic.zone.wall(now).date(),
            drops_bad_contacts: false,
        }
    }

    /// Reads from the table what the statements are about, as far as it is not here: at most one call per kind
    /// and hundred.
    pub(crate) async fn load<'s>(
        &mut self,
        statements: impl Iterator<Item = &'s Statement> + Clone,
    ) -> Result<(), TableFault> {
        let table = self.table;
        let appointments = statements.clone().filter_map(|statement| match &statement.says {
            Says::Appointment(id, _) | Says::AppointmentGone(id) => Some(*id),
            _ => None,
        });
        self.appointments.load(table, appointments, |appointment| AppointmentKey { appointment }).await?;
        let mut persons = BTreeSet::new();
        let mut practitioners = BTreeSet::new();
        let mut locations = BTreeSet::new();
        for statement in statements {
            match &statement.says {
                Says::Person(id, _) | Says::PersonGone(id) => persons.extend([*id]),
                Says::Merged(one, other) => persons.extend([*one, *other]),
                Says::Appointment(id, facts) => {
                    persons.extend(facts.person.clone().set());
                    persons.extend(self.appointments.current(*id).map(|known| known.person));
                }
                Says::AppointmentGone(_) => {}
                Says::Practitioner(id, _) | Says::PractitionerGone(id) => practitioners.extend([*id]),
                Says::Location(id, _) | Says::LocationGone(id) => locations.extend([*id]),
            }
        }
        self.practitioners
            .load(table, practitioners, |practitioner| PractitionerKey { practitioner })
            .await?;
        self.locations.load(table, locations, |location| LocationKey { location }).await?;
        for _ in 0..MOST_MERGES {
            self.persons.load(table, persons.iter().copied(), |person| PersonKey { person }).await?;
            let further: BTreeSet<_> = persons
                .iter()
                .filter_map(|id| self.persons.current(*id)?.merged_into)
                .filter(|id| !persons.contains(id))
                .collect();
            if further.is_empty() {
                break;
            }
            persons.extend(further);
        }
        Ok(())
    }

    /// Takes all statements of a row, or none of them.
    pub(crate) fn take(&mut self, row: &[Statement], rule: Rule) -> Result<Vec<Effect>, Refused> {
        let saved: Vec<_> = row.iter().map(|statement| self.save(statement)).collect();
        let taken: Result<Vec<_>, _> = row.iter().map(|statement| self.settle_one(statement, rule)).collect();
        if taken.is_err() {
            // Last first: of two statements about one thing the first remembers how it was.
            saved.into_iter().rev().for_each(|restore| restore(self));
        }
        taken
    }

    fn save(&self, statement: &Statement) -> Box<dyn FnOnce(&mut Self)> {
        match statement.says {
            Says::Person(id, _) | Says::PersonGone(id) => {
                let next = self.persons.next(id);
                Box::new(move |desk| desk.persons.set(id, next))
            }
            Says::Merged(one, other) => {
                let (a, b) = (self.persons.next(one), self.persons.next(other));
                Box::new(move |desk| {
                    desk.persons.set(one, a);
                    desk.persons.set(other, b);
                })
            }
            Says::Appointment(id, _) | Says::AppointmentGone(id) => {
                let next = self.appointments.next(id);
                Box::new(move |desk| desk.appointments.set(id, next))
            }
            Says::Practitioner(id, _) | Says::PractitionerGone(id) => {
                let next = self.practitioners.next(id);
                Box::new(move |desk| desk.practitioners.set(id, next))
            }
            Says::Location(id, _) | Says::LocationGone(id) => {
                let next = self.locations.next(id);
                Box::new(move |desk| desk.locations.set(id, next))
            }
        }
    }

    /// Adds all that changed to a transaction, with what follows for the plans of appointments.
    pub(crate) async fn write<R: Replan>(&self, plan: &R, write: &mut Write) -> Result<(), TableFault> {
        for (_, kept, next) in self.persons.changed() {
            put_person(write, kept, next);
        }
        for (_, kept, next) in self.practitioners.changed() {
            place(write, kept, next);
        }
        for (_, kept, next) in self.locations.changed() {
            place(write, kept, next);
        }
        for (_, kept, next) in self.appointments.changed() {
            appointments::put(write, plan, kept, next, self.persons.current(next.person)).await?;
        }
        Ok(())
    }

    /// The patients whom the changes on the desk concern.
    pub(crate) fn concerned(&self) -> BTreeSet<PersonId> {
        let persons = self.persons.changed().map(|(id, _, _)| id);
        persons.chain(self.appointments.changed().map(|(_, _, next)| next.person)).collect()
    }

    /// The person of this id as they stand on the desk.
    pub(crate) fn person(&self, id: PersonId) -> Option<&Person> {
        self.persons.current(id)
    }

    /// The instant it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.table.clock().now()
    }

    /// What is on the desk has been written.
    pub(crate) fn settle(&mut self) {
        self.persons.settle();
        self.appointments.settle();
        self.practitioners.settle();
        self.locations.settle();
    }

    /// What is on the desk shall not be written.
    pub(crate) fn forget(&mut self) {
        self.persons.forget();
        self.appointments.forget();
        self.practitioners.forget();
        self.locations.forget();
    }

    /// Somebody else has written: what was read is worth nothing.
    pub(crate) fn clear(&mut self) {
        self.persons = Shelf::new();
        self.appointments = Shelf::new();
        self.practitioners = Shelf::new();
        self.locations = Shelf::new();
    }
}

fn place<E: Entity>(write: &mut Write, kept: Option<&Kept<E>>, next: &E) {
    match kept {
        Some(kept) => write.replace(kept, next),
        None => write.create(next),
    };
}
