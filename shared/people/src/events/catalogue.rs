//! The types of events that are read here, and what each says.

use kernel::Detail;
use serde_json::{Map, Value, json};

use super::{Envelope, Reason};
use crate::{
    mirror::{Kind, Reading, Says, Statement},
    origin::{Origin, is_source_id},
};

/// How an event's type bears on its data.
enum Implies {
    /// The type says no more than the data.
    Nothing,
    /// The type fixes a field.
    Fixed(&'static str, Value),
    /// The type gives a field its value if the data has none.
    Usual(&'static str, Value),
    /// The data must have this field.
    Needs(&'static str),
    /// One person turned out to be another.
    Merge,
}

/// The only version of the forms so far.
const VERSION: u64 = 1;

fn read_type(event_type: &str) -> Option<(Kind, Implies)> {
    use Implies::{Fixed, Merge, Needs, Nothing, Usual};
    use Kind::{Appointment, Person};
    Some(match event_type {
        "patient.created" | "patient.updated" => (Person, Nothing),
        "patient.merged" => (Person, Merge),
        "patient.activated" | "patient.reactivated" => (Person, Fixed("active", json!(true))),
        "patient.deactivated" => (Person, Fixed("active", json!(false))),
        "patient.deceased" => (Person, Fixed("deceased", json!(true))),
        "appointment.booked" => (Appointment, Usual("status", json!("SCHEDULED"))),
        "appointment.updated" | "appointment.rescheduled" => (Appointment, Nothing),
        "appointment.confirmed" => (Appointment, Fixed("confirmation", json!("CONFIRMED"))),
        "appointment.cancelled" => (Appointment, Fixed("status", json!("CANCELLED"))),
        "appointment.arrived" => (Appointment, Fixed("status", json!("ARRIVED"))),
        "appointment.completed" => (Appointment, Fixed("status", json!("COMPLETED"))),
        "appointment.no_show" => (Appointment, Fixed("status", json!("NO_SHOW"))),
        "appointment.status_changed" => (Appointment, Needs("status")),
        _ => return None,
    })
}

/// What an event says, or why it says nothing to us.
pub(crate) enum Told {
    /// This, about the thing with this id.
    Says { subject: String, statement: Box<Statement> },
    /// Nothing we can read.
    Parked(Reason),
    /// Something wrong.
    Wrong(Vec<Detail>),
}

/// What identifies the subject of events among those that wait for it.
fn subject(kind: Kind, producer: &str, id: &str) -> String {
    format!("{}:{producer}:{id}", kind.name())
}

/// The subject of the events that wait for a thing of a source.
pub(crate) fn subject_of(kind: Kind, origin: &Origin) -> String {
    subject(kind, &origin.source, &origin.id)
}

fn wrong(at: String, says: &str) -> Told {
    Told::Wrong(vec![Detail::new(at, says)])
}

fn take_id(data: &mut Map<String, Value>, name: &str) -> Option<String> {
    let id = match data.remove(name)? {
        Value::String(id) => id,
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    is_source_id(&id).then_some(id)
}

/// Reads what an event says. `at` is the pointer to the event.
pub(crate) fn read(reading: &Reading<'_>, event: &Envelope, at: &str) -> Told {
    let Some((kind, implies)) = read_type(&event.event_type) else {
        return Told::Parked(Reason::TypeUnknown);
    };
    if event.event_version != VERSION {
        return Told::Parked(Reason::VersionUnknown);
    }
    let mut data = event.data.clone();
    let Some(id) = take_id(&mut data, "id") else {
        return wrong(format!("{at}/data/id"), "must be the producer's id of the thing");
    };
    let version = match data.remove("version") {
        None => None,
        Some(version) => match version.as_u64() {
            Some(version) => Some(version),
            None => return wrong(format!("{at}/data/version"), "must be a whole number"),
        },
    };
    let origin = Origin::new(&event.producer, &id, version, event.occurred_at);
    let subject = subject(kind, &event.producer, &id);
    match implies {
        Implies::Nothing => {}
        Implies::Fixed(name, value) => {
            data.insert(name.to_owned(), value);
        }
        Implies::Usual(name, value) => {
            data.entry(name).or_insert(value);
        }
        Implies::Needs(name) => {
            if !data.contains_key(name) {
                return wrong(format!("{at}/data/{name}"), "is missing");
            }
        }
        Implies::Merge => {
            let Some(into) = take_id(&mut data, "into") else {
                return wrong(format!("{at}/data/into"), "must be the producer's id of the person who stays");
            };
            if let Some(name) = data.keys().next() {
                let place = format!("{at}/data/{}", crate::mirror::pointer(name));
                return wrong(place, "is not a field we know");
            }
            let says = Says::Merged(reading.id(&id), reading.id(&into));
            return Told::Says { subject, statement: Box::new(Statement { origin, says }) };
        }
    }
    let data = Value::Object(data);
    match reading.statement(kind, origin, &data, &format!("{at}/data"), &mut Vec::new()) {
        Ok(statement) => Told::Says { subject, statement: Box::new(statement) },
        Err(problems) => Told::Wrong(problems),
    }
}
