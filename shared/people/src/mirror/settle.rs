//! What a statement makes of what is known.

use std::{collections::BTreeMap, hash::Hash};

use kernel::{AppointmentId, Id, LocationId, PersonId, PractitionerId, Timestamp};
use table::Entity;

use super::{
    AppointmentFacts, Desk, Effect, Given, LocationFacts, PersonFacts, PractitionerFacts, Refused, Rule,
    Says, Statement, desk::Shelf, latest_claim,
};
use crate::{
    appointments::{Appointment, Confirmation, Status},
    location::{Address, Hours, Location},
    origin::{Age, Origin},
    person::Person,
    practitioner::Practitioner,
};

/// How often a merged person may have been merged on.
const MOST_MERGES: usize = 5;

impl Desk<'_> {
    /// Lets one statement change what lies on the desk.
    pub(super) fn settle_one(&mut self, statement: &Statement, rule: Rule) -> Result<Effect, Refused> {
        let now = self.now();
        let told = &statement.origin;
        if told.updated_at > latest_claim(now) {
            return Err(Refused::wrong("/updated_at", "lies in the future"));
        }
        match &statement.says {
            Says::Person(id, facts) => self.person_told(*id, facts, told, rule),
            Says::PersonGone(id) => {
                let known = self.persons.current(*id).cloned();
                Ok(settle(&mut self.persons, *id, known, told, rule, |known| {
                    let mut person = known.unwrap_or_else(|| Person::new(*id, told.clone(), now));
                    person.deleted_at = person.deleted_at.or(Some(now));
                    person
                }))
            }
            Says::Merged(one, other) => self.merge(*one, *other, told, rule),
            Says::Appointment(id, facts) => self.appointment_told(*id, facts, told, rule),
            Says::AppointmentGone(id) => {
                let known = self.appointments.current(*id).cloned();
                let zone = self.clinic.zone.clone();
                Ok(settle(&mut self.appointments, *id, known, told, rule, |known| match known {
                    Some(known) => {
                        let mut next = known.clone();
                        next.deleted_at = known.deleted_at.or(Some(now));
                        next.follow(&known);
                        next
                    }
                    None => trace(*id, told, zone, now),
                }))
            }
            Says::Practitioner(id, facts) => self.practitioner_told(*id, facts, told, rule),
            Says::PractitionerGone(id) => {
                let Some(known) = self.practitioners.current(*id).cloned() else {
                    return Ok(Effect::Unchanged);
                };
                Ok(settle(&mut self.practitioners, *id, Some(known.clone()), told, rule, |_| Practitioner {
                    deleted_at: known.deleted_at.or(Some(now)),
                    active: false,
                    ..known
                }))
            }
            Says::Location(id, facts) => self.location_told(*id, facts, told, rule),
            Says::LocationGone(id) => {
                let Some(known) = self.locations.current(*id).cloned() else { return Ok(Effect::Unchanged) };
                Ok(settle(&mut self.locations, *id, Some(known.clone()), told, rule, |_| Location {
                    deleted_at: known.deleted_at.or(Some(now)),
                    ..known
                }))
            }
        }
    }

    fn person_told(
        &mut self,
        id: PersonId,
        facts: &PersonFacts,
        told: &Origin,
        rule: Rule,
    ) -> Result<Effect, Refused> {
        let now = self.now();
        let known = self.persons.current(id).cloned();
        if facts.are_standing_only() && by_time(known.as_ref().map(|known| &known.origin), told) {
            let Some(known) = known else {
                return Err(Refused::unknown("", "tells too little of somebody we do not know"));
            };
            return Ok(stand(&mut self.persons, id, &known, told, |next| facts.apply(next)));
        }
        let told = &standing(told, facts.tell_standing());
        Ok(settle(&mut self.persons, id, known, told, rule, |known| {
            let later = known.as_ref().filter(|known| stood_later(&known.origin, told));
            let standing = later.map(|known| (known.active, known.deceased));
            let mut person = known.unwrap_or_else(|| Person::new(id, told.clone(), now));
            person.deleted_at = None;
            facts.apply(&mut person);
            if let Some(standing) = standing {
                (person.active, person.deceased) = standing;
            }
            person
        }))
    }

    fn appointment_told(
        &mut self,
        id: AppointmentId,
        facts: &AppointmentFacts,
        told: &Origin,
        rule: Rule,
    ) -> Result<Effect, Refused> {
        let now = self.now();
        let mut facts = facts.clone();
        if let Given::Set(person) = &mut facts.person {
            *person = self.living(*person);
        }
        let known = self.appointments.current(id).cloned();
        let living = known.as_ref().filter(|known| known.deleted_at.is_none());
        let known_origin = known.as_ref().map(|known| &known.origin);
        if let Some(known) = living
            && facts.are_standing_only()
            && by_time(known_origin, told)
        {
            let next = facts.apply(id, Some(known), told, &self.zones, now)?;
            return Ok(stand(&mut self.appointments, id, known, told, |place| *place = next));
        }
        if let Some(effect) = too_old(known_origin, told, rule) {
            return Ok(effect);
        }
        let next = match living.filter(|known| stood_later(&known.origin, told)) {
            Some(known) => facts.apply_under(known, told, &self.zones, now)?,
            None => facts.apply(id, known.as_ref(), told, &self.zones, now)?,
        };
        let told = &standing(told, facts.tell_standing());
        Ok(settle(&mut self.appointments, id, known, told, rule, |_| next))
    }

    fn practitioner_told(
        &mut self,
        id: PractitionerId,
        facts: &PractitionerFacts,
        told: &Origin,
        rule: Rule,
    ) -> Result<Effect, Refused> {
        let known = self.practitioners.current(id).cloned();
        if known.is_none() && facts.name.clone().set().is_none() {
            return Err(Refused::unknown("/name", "is needed for somebody we do not know"));
        }
        Ok(settle(&mut self.practitioners, id, known, told, rule, |known| {
            let mut practitioner = known.unwrap_or_else(|| Practitioner {
                id,
                name: String::new(),
                display: String::new(),
                role: None,
                active: true,
                deleted_at: None,
                origin: told.clone(),
            });
            practitioner.deleted_at = None;
            facts.apply(&mut practitioner);
            practitioner
        }))
    }

    fn location_told(
        &mut self,
        id: LocationId,
        facts: &LocationFacts,
        told: &Origin,
        rule: Rule,
    ) -> Result<Effect, Refused> {
        let known = self.locations.current(id).cloned();
        if known.is_none() && facts.name.clone().set().is_none() {
            return Err(Refused::unknown("/name", "is needed for a place we do not know"));
        }
        let zone = self.clinic.zone.clone();
        let effect = settle(&mut self.locations, id, known, told, rule, |known| {
            let mut location = known.unwrap_or_else(|| Location {
                id,
                name: String::new(),
                zone,
                office_number: None,
                phone: None,
                address: Address::default(),
                hours: Hours::default(),
                holidays: BTreeMap::new(),
                deleted_at: None,
                origin: told.clone(),
            });
            location.deleted_at = None;
            facts.apply(&mut location);
            location
        });
        if let Some(location) = self.locations.current(id) {
            self.zones.locations.insert(id, location.zone.clone());
        }
        Ok(effect)
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
