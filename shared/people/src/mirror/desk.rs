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

use super::{Reading, Refused, Rule, Says, Statement, appointment_facts::Zones, latest_claim};
use crate::{
    address::put_person,
    appointments::{self, Appointment, Confirmation, Replan, Status},
    clinic::Clinic,
    location::{Address, Hours, Location},
    origin::{Age, Origin},
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

#[derive(Debug)]
struct Shelf<I, E>(BTreeMap<I, Slot<E>>);

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

    fn current(&self, id: I) -> Option<&E> {
        self.0.get(&id).and_then(Slot::current)
    }

    fn next(&self, id: I) -> Option<E> {
        self.0.get(&id).and_then(|slot| slot.next.clone())
    }

    /// Puts something on the shelf; nothing if the table holds the very same.
    fn set(&mut self, id: I, next: Option<E>) {
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
    table: &'a ClinicTable,
    pub(crate) clinic: Kept<Clinic>,
    zones: Zones,
    persons: Shelf<PersonId, Person>,
    appointments: Shelf<AppointmentId, Appointment>,
    practitioners: Shelf<PractitionerId, Practitioner>,
    locations: Shelf<LocationId, Location>,
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
        let taken: Result<Vec<_>, _> = row.iter().map(|statement| self.take_one(statement, rule)).collect();
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

    fn take_one(&mut self, statement: &Statement, rule: Rule) -> Result<Effect, Refused> {
        let now = self.table.clock().now();
        let origin = &statement.origin;
        if origin.updated_at > latest_claim(now) {
            return Err(Refused::wrong("/updated_at", "lies in the future"));
        }
        match &statement.says {
            Says::Person(id, facts) => {
                let known = self.persons.current(*id).cloned();
                if facts.are_standing_only() && by_time(known.as_ref().map(|known| &known.origin), origin) {
                    let Some(known) = known else {
                        return Err(Refused::unknown("", "tells too little of somebody we do not know"));
                    };
                    return Ok(stand(&mut self.persons, *id, &known, origin, |next| facts.apply(next)));
                }
                let origin = &standing(origin, facts.tell_standing());
                Ok(settle(&mut self.persons, *id, known, origin, rule, |known| {
                    let later = known.as_ref().filter(|known| stood_later(&known.origin, origin));
                    let standing = later.map(|known| (known.active, known.deceased));
                    let mut person = known.unwrap_or_else(|| Person::new(*id, origin.clone(), now));
                    person.deleted_at = None;
                    facts.apply(&mut person);
                    if let Some(standing) = standing {
                        (person.active, person.deceased) = standing;
                    }
                    person
                }))
            }
            Says::PersonGone(id) => {
                let known = self.persons.current(*id).cloned();
                Ok(settle(&mut self.persons, *id, known, origin, rule, |known| {
                    let mut person = known.unwrap_or_else(|| Person::new(*id, origin.clone(), now));
                    person.deleted_at = person.deleted_at.or(Some(now));
                    person
                }))
            }
            Says::Merged(one, other) => self.merge(*one, *other, origin, rule),
            Says::Appointment(id, facts) => {
                let known = self.appointments.current(*id).cloned();
                let known_origin = known.as_ref().map(|known| &known.origin);
                if let Some(known) = known.as_ref().filter(|known| known.deleted_at.is_none())
                    && facts.are_standing_only()
                    && by_time(known_origin, origin)
                {
                    let next = facts.apply(*id, Some(known), origin, &self.zones, now)?;
                    return Ok(stand(&mut self.appointments, *id, known, origin, |place| *place = next));
                }
                if let Some(effect) = too_old(known_origin, origin, rule) {
                    return Ok(effect);
                }
                let under = known
                    .as_ref()
                    .filter(|known| known.deleted_at.is_none() && stood_later(&known.origin, origin));
                let mut next = match under {
                    Some(known) => facts.apply_under(known, origin, &self.zones, now)?,
                    None => facts.apply(*id, known.as_ref(), origin, &self.zones, now)?,
                };
                next.person = self.living(next.person);
                let origin = &standing(origin, facts.tell_standing());
                Ok(settle(&mut self.appointments, *id, known, origin, rule, |_| next))
            }
            Says::AppointmentGone(id) => {
                let known = self.appointments.current(*id).cloned();
                let zone = self.clinic.zone.clone();
                Ok(settle(&mut self.appointments, *id, known, origin, rule, |known| match known {
                    Some(known) => {
                        let mut next = known.clone();
                        next.deleted_at = known.deleted_at.or(Some(now));
                        next.follow(&known);
                        next
                    }
                    None => trace(*id, origin, zone, now),
                }))
            }
            Says::Practitioner(id, facts) => {
                let known = self.practitioners.current(*id).cloned();
                if known.is_none() && facts.name.clone().set().is_none() {
                    return Err(Refused::unknown("/name", "is needed for somebody we do not know"));
                }
                Ok(settle(&mut self.practitioners, *id, known, origin, rule, |known| {
                    let mut practitioner = known.unwrap_or_else(|| Practitioner {
                        id: *id,
                        name: String::new(),
                        display: String::new(),
                        role: None,
                        active: true,
                        deleted_at: None,
                        origin: origin.clone(),
                    });
                    practitioner.deleted_at = None;
                    facts.apply(&mut practitioner);
                    practitioner
                }))
            }
            Says::PractitionerGone(id) => {
                let Some(known) = self.practitioners.current(*id).cloned() else {
                    return Ok(Effect::Unchanged);
                };
                Ok(settle(&mut self.practitioners, *id, Some(known.clone()), origin, rule, |_| {
                    Practitioner { deleted_at: known.deleted_at.or(Some(now)), active: false, ..known }
                }))
            }
            Says::Location(id, facts) => {
                let known = self.locations.current(*id).cloned();
                if known.is_none() && facts.name.clone().set().is_none() {
                    return Err(Refused::unknown("/name", "is needed for a place we do not know"));
                }
                let clinic_zone = self.clinic.zone.clone();
                let effect = settle(&mut self.locations, *id, known, origin, rule, |known| {
                    let mut location = known.unwrap_or_else(|| Location {
                        id: *id,
                        name: String::new(),
                        zone: clinic_zone,
                        office_number: None,
                        phone: None,
                        address: Address::default(),
                        hours: Hours::default(),
                        holidays: BTreeMap::new(),
                        deleted_at: None,
                        origin: origin.clone(),
                    });
                    location.deleted_at = None;
                    facts.apply(&mut location);
                    location
                });
                if let Some(location) = self.locations.current(*id) {
                    self.zones.locations.insert(*id, location.zone.clone());
                }
                Ok(effect)
            }
            Says::LocationGone(id) => {
                let Some(known) = self.locations.current(*id).cloned() else { return Ok(Effect::Unchanged) };
                Ok(settle(&mut self.locations, *id, Some(known.clone()), origin, rule, |_| Location {
                    deleted_at: known.deleted_at.or(Some(now)),
                    ..known
                }))
            }
        }
    }

    /// Who a person turned out to be.
    fn living(&self, person: PersonId) -> PersonId {
        let mut id = person;
        for _ in 0..MOST_MERGES {
            match self.persons.current(id).and_then(|person| person.merged_into) {
                Some(further) if further != person => id = further,
                _ => break,
            }
        }
        id
    }

    fn merge(
        &mut self,
        one: PersonId,
        other: PersonId,
        origin: &Origin,
        rule: Rule,
    ) -> Result<Effect, Refused> {
        let into = self.living(other);
        if one == into {
            return Err(Refused::wrong("/into", "a person cannot be merged into themselves"));
        }
        let (Some(gone), Some(stays)) = (self.persons.current(one), self.persons.current(into)) else {
            return Err(Refused::unknown("/into", "both must be persons: one of them we do not know"));
        };
        if let Some(effect) = too_old(Some(&gone.origin), origin, rule) {
            return Ok(effect);
        }
        let (mut gone, mut stays) = (gone.clone(), stays.clone());
        crate::persons::join(&mut gone, &mut stays);
        gone.origin.updated_at = origin.updated_at;
        gone.origin.version = origin.version.or(gone.origin.version);
        self.persons.set(one, Some(gone));
        self.persons.set(into, Some(stays));
        Ok(Effect::Updated)
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

/// A deleted appointment we never knew: so that older news of it, arriving late, stay ignored.
fn trace(id: AppointmentId, origin: &Origin, zone: kernel::Zone, now: Timestamp) -> Appointment {
    Appointment {
        id,
        person: PersonId::FIRST,
        practitioner: None,
        location: None,
        service_type: None,
        starts_at: Timestamp::UNIX_EPOCH,
        ends_at: Timestamp::UNIX_EPOCH,
        wall: zone.wall(Timestamp::UNIX_EPOCH),
        zone,
        status: Status::Cancelled,
        confirmation: Confirmation::default(),
        out_of_reach: false,
        first_visit: false,
        online: false,
        created_at: now,
        cancel_reason: None,
        generation: 1,
        deleted_at: Some(now),
        origin: origin.clone(),
    }
}

fn too_old(known: Option<&Origin>, told: &Origin, rule: Rule) -> Option<Effect> {
    match (known?.age_of(told), rule) {
        (Age::Older, _) => Some(Effect::Older),
        (Age::Same, Rule::News) => Some(Effect::Same),
        _ => None,
    }
}

/// Whether times decide between what is known and what is told, and not versions.
fn by_time(known: Option<&Origin>, told: &Origin) -> bool {
    known.is_none_or(|known| known.version.is_none() || told.version.is_none())
}

/// Something mirrored, for the rule that all kinds share.
trait Mirrored: Entity + Clone + PartialEq {
    fn origin(&mut self) -> &mut Origin;
}

/// The origin of a statement that tells where a thing stands, or does not.
fn standing(origin: &Origin, tells: bool) -> Origin {
    Origin { standing_at: tells.then_some(origin.updated_at), ..origin.clone() }
}

/// Whether we know where a thing stands as of a later time than that of a statement.
fn stood_later(known: &Origin, told: &Origin) -> bool {
    by_time(Some(known), told) && known.standing_at > Some(told.updated_at)
}

/// Lets an event change where a thing stands. Such events have a clock of their own: one that comes before an
/// earlier statement about what the thing is must not make that one look old.
fn stand<I: Id + Hash, E: Mirrored>(
    shelf: &mut Shelf<I, E>,
    id: I,
    known: &E,
    origin: &Origin,
    apply: impl FnOnce(&mut E),
) -> Effect {
    let mut next = known.clone();
    match Some(origin.updated_at).cmp(&next.origin().standing_at) {
        std::cmp::Ordering::Less => return Effect::Older,
        std::cmp::Ordering::Equal => return Effect::Same,
        std::cmp::Ordering::Greater => {}
    }
    apply(&mut next);
    let effect = if next == *known { Effect::Unchanged } else { Effect::Updated };
    next.origin().standing_at = Some(origin.updated_at);
    shelf.set(id, Some(next));
    effect
}

macro_rules! mirrored {
    ($($kind:ty),*) => {$(
        impl Mirrored for $kind {
            fn origin(&mut self) -> &mut Origin { &mut self.origin }
        }
    )*};
}

mirrored!(Person, Appointment, Practitioner, Location);

/// Lets a statement change a thing, unless it is too old. News leave their version behind even if they tell
/// nothing else; a snapshot that tells nothing new leaves no trace.
fn settle<I: Id + Hash, E: Mirrored>(
    shelf: &mut Shelf<I, E>,
    id: I,
    known: Option<E>,
    origin: &Origin,
    rule: Rule,
    apply: impl FnOnce(Option<E>) -> E,
) -> Effect {
    let mut known = known;
    let before = known.as_mut().map(|known| known.origin().clone());
    if let Some(effect) = too_old(before.as_ref(), origin, rule) {
        return effect;
    }
    let was = known.clone();
    let mut next = apply(known);
    let stood = before.as_ref().and_then(|before| before.standing_at);
    let effect = match (was, before) {
        (Some(was), Some(before)) => {
            *next.origin() = before;
            if next == was { Effect::Unchanged } else { Effect::Updated }
        }
        _ => Effect::Created,
    };
    if effect != Effect::Unchanged || rule == Rule::News {
        *next.origin() = Origin { standing_at: origin.standing_at.max(stood), ..origin.clone() };
        shelf.set(id, Some(next));
    }
    effect
}
