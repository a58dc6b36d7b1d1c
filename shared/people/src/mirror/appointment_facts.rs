//! What another system says about an appointment.

use std::collections::HashMap;

use jiff::SignedDuration;
use kernel::{AppointmentId, Detail, LocationId, PersonId, PractitionerId, Timestamp, Zone};
use serde_json::Value;

use super::{
    Reading, Refused,
    read::{Given, Object, When},
};
use crate::{
    appointments::{Answer, Appointment, Confirmation, How, Status},
    origin::Origin,
};

/// What another system says about an appointment. What it leaves out stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppointmentFacts {
    pub(crate) person: Given<PersonId>,
    practitioner: Given<PractitionerId>,
    location: Given<LocationId>,
    service_type: Given<String>,
    starts_at: Given<When>,
    ends_at: Given<When>,
    minutes: Given<i64>,
    zone: Given<Zone>,
    pub(crate) status: Given<Status>,
    pub(crate) answer: Given<Answer>,
    out_of_reach: Given<bool>,
    first_visit: Given<bool>,
    online: Given<bool>,
    created_at: Given<When>,
    cancel_reason: Given<String>,
}

/// The length of a visit whose end nobody told.
const USUAL_MINUTES: i64 = 30;

/// The zones of places, for times that stand on a wall.
#[derive(Debug, Clone)]
pub(crate) struct Zones {
    pub(crate) clinic: Zone,
    pub(crate) locations: HashMap<LocationId, Zone>,
}

fn answer(word: &str) -> Option<Answer> {
    match word.to_ascii_uppercase().as_str() {
        "UNCONFIRMED" => Some(Answer::Unconfirmed),
        // FHIR's ParticipationStatus.
        "PENDING" | "NEEDS-ACTION" | "TENTATIVE" => Some(Answer::Pending),
        "CONFIRMED" | "ACCEPTED" => Some(Answer::Confirmed),
        "DECLINED" => Some(Answer::Declined),
        _ => None,
    }
}

impl AppointmentFacts {
    /// Reads the facts.
    pub fn read(reading: &Reading<'_>, value: &Value, at: &str) -> Result<Self, Vec<Detail>> {
        let mut object = Object::of(value, at)?;
        let facts = Self {
            person: reading.foreign(&mut object, "person"),
            practitioner: reading.foreign(&mut object, "practitioner"),
            location: reading.foreign(&mut object, "location"),
            service_type: object.text("service_type", 100),
            starts_at: object.when("starts_at"),
            ends_at: object.when("ends_at"),
            minutes: object.value("minutes", "must be a number of minutes from 1 to 1440", |value| {
                value.as_i64().filter(|minutes| (1..=1440).contains(minutes))
            }),
            zone: object.zone("zone"),
            status: object.word("status", "must be a status such as SCHEDULED or NO_SHOW", Status::read),
            answer: object.word(
                "confirmation",
                "must be UNCONFIRMED, PENDING, CONFIRMED or DECLINED",
                answer,
            ),
            out_of_reach: object.flag("out_of_reach"),
            first_visit: object.flag("first_visit"),
            online: object.flag("online"),
            created_at: object.when("created_at"),
            cancel_reason: object.text("cancel_reason", 300),
        };
        let problems = object.done();
        if problems.is_empty() { Ok(facts) } else { Err(problems) }
    }

    /// Whether they tell where the visit stands.
    pub(crate) fn tell_standing(&self) -> bool {
        self.status != Given::Left || self.answer != Given::Left
    }

    /// Whether they tell only where the visit stands, and nothing of what it is.
    pub(crate) fn are_standing_only(&self) -> bool {
        let standing = Self {
            status: self.status.clone(),
            answer: self.answer.clone(),
            out_of_reach: self.out_of_reach.clone(),
            cancel_reason: self.cancel_reason.clone(),
            ..Self::default()
        };
        *self == standing
    }

    /// The appointment after these facts, if they tell of a time before we last heard where it stands: what it
    /// is changes, where it stands does not.
    pub(crate) fn apply_under(
        &self,
        known: &Appointment,
        origin: &Origin,
        zones: &Zones,
        now: Timestamp,
    ) -> Result<Appointment, Refused> {
        let facts = Self {
            status: Given::Left,
            answer: Given::Left,
            out_of_reach: Given::Left,
            cancel_reason: Given::Left,
            ..self.clone()
        };
        let mut next = facts.apply(known.id, Some(known), origin, zones, now)?;
        next.status = known.status;
        next.confirmation.clone_from(&known.confirmation);
        next.out_of_reach = known.out_of_reach;
        Ok(next)
    }

    /// The appointment after these facts. `known` is absent for a new one, which needs a person and a start.
    pub(crate) fn apply(
        &self,
        id: AppointmentId,
        known: Option<&Appointment>,
        origin: &Origin,
        zones: &Zones,
        now: Timestamp,
    ) -> Result<Appointment, Refused> {
        // A trace of something deleted has nothing to build on.
        let living = known.filter(|known| known.deleted_at.is_none());
        let mut next = match living {
            Some(living) => living.clone(),
            None => self.fresh(id, origin, zones, now)?,
        };
        if let Given::Set(person) = self.person {
            next.person = person;
        }
        self.practitioner.put(&mut next.practitioner);
        self.location.put(&mut next.location);
        self.service_type.put(&mut next.service_type);
        self.place(&mut next, zones)?;
        self.out_of_reach.put_usual(&mut next.out_of_reach);
        self.first_visit.put_usual(&mut next.first_visit);
        self.online.put_usual(&mut next.online);
        if let Given::Set(created_at) = self.created_at {
            next.created_at = created_at.in_zone(&zones.clinic);
        }
        let moved = living.is_some_and(|living| living.starts_at != next.starts_at);
        self.answer(&mut next, moved, origin);
        self.cancel_reason.put(&mut next.cancel_reason);
        if next.status != Status::Cancelled {
            next.cancel_reason = None;
        }
        if let Some(living) = living {
            next.follow(living);
        } else if let Some(trace) = known {
            next.generation = trace.generation + 1;
        }
        Ok(next)
    }

    fn fresh(
        &self,
        id: AppointmentId,
        origin: &Origin,
        zones: &Zones,
        now: Timestamp,
    ) -> Result<Appointment, Refused> {
        let Given::Set(person) = self.person else {
            return Err(Refused::unknown("/person", "is needed for an appointment we do not know"));
        };
        if self.starts_at.clone().set().is_none() {
            return Err(Refused::unknown("/starts_at", "is needed for an appointment we do not know"));
        }
        Ok(Appointment {
            id,
            person,
            practitioner: None,
            location: None,
            service_type: None,
            starts_at: Timestamp::UNIX_EPOCH,
            ends_at: Timestamp::UNIX_EPOCH
                .saturating_add(SignedDuration::from_mins(USUAL_MINUTES))
                .unwrap_or(now),
            zone: zones.clinic.clone(),
            wall: zones.clinic.wall(Timestamp::UNIX_EPOCH),
            status: Status::Scheduled,
            confirmation: Confirmation::default(),
            out_of_reach: false,
            first_visit: false,
            online: false,
            created_at: now,
            cancel_reason: None,
            generation: 1,
            deleted_at: None,
            origin: origin.clone(),
        })
    }

    fn place(&self, next: &mut Appointment, zones: &Zones) -> Result<(), Refused> {
        let told = self.zone.clone().set();
        let of_place = next.location.and_then(|place| zones.locations.get(&place).cloned());
        let on_wall =
            [&self.starts_at, &self.ends_at].iter().any(|when| matches!(when, Given::Set(When::Wall(_))));
        if on_wall && told.is_none() && of_place.is_none() && next.location.is_some() {
            return Err(Refused::unknown(
                "/starts_at",
                "the location is not known yet: send it first, or give the time with its offset",
            ));
        }
        let usual = if self.location == Given::Left { next.zone.clone() } else { zones.clinic.clone() };
        let zone = told.or(of_place).unwrap_or(usual);
        let length = next.ends_at.duration_since(next.starts_at);
        let starts_at = match self.starts_at {
            Given::Set(when) => when.in_zone(&zone),
            _ => next.starts_at,
        };
        let later = |by: SignedDuration| starts_at.saturating_add(by).unwrap_or(Timestamp::MAX);
        let ends_at = match (&self.ends_at, &self.minutes) {
            (Given::Set(when), _) => when.in_zone(&zone),
            (_, Given::Set(minutes)) => later(SignedDuration::from_mins(*minutes)),
            _ => later(length),
        };
        if ends_at <= starts_at {
            return Err(Refused::wrong("/ends_at", "must be later than starts_at"));
        }
        next.place(starts_at, ends_at, zone);
        Ok(())
    }

    /// What the source says about coming, and what we know from the patient's own answer, which the source may
    /// not have heard of.
    fn answer(&self, next: &mut Appointment, moved: bool, origin: &Origin) {
        let told = |answer| Confirmation {
            answer,
            by: Some(origin.source.clone()),
            at: Some(origin.updated_at),
            how: Some(How::Source),
        };
        let own = next.confirmation.answer == Answer::Confirmed && next.confirmation.how != Some(How::Source);
        if let Given::Set(status) = self.status {
            if status == Status::Scheduled && next.status == Status::Confirmed && own && !moved {
                // The patient told us; the source has not heard it yet.
            } else {
                if status == Status::Confirmed && next.confirmation.answer != Answer::Confirmed {
                    next.confirmation = told(Answer::Confirmed);
                } else if status == Status::Scheduled && next.status == Status::Confirmed {
                    next.confirmation = Confirmation::default();
                }
                next.status = status;
            }
        }
        if let Given::Set(answer) = self.answer
            && answer != next.confirmation.answer
        {
            let unheard = own && !moved && matches!(answer, Answer::Unconfirmed | Answer::Pending);
            if !unheard {
                next.confirmation = told(answer);
                match answer {
                    Answer::Confirmed if next.status == Status::Scheduled => next.status = Status::Confirmed,
                    Answer::Declined | Answer::Unconfirmed | Answer::Pending
                        if next.status == Status::Confirmed =>
                    {
                        next.status = Status::Scheduled;
                    }
                    _ => {}
                }
            }
        }
    }
}
