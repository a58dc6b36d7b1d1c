//! What another system says about members of staff and places.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kernel::{Detail, Phone, Zone};
use serde_json::Value;

use super::{
    Reading,
    read::{Given, Object, time},
};
use crate::{
    location::{Address, Hours, LONGEST_OFFICE, Location, Open},
    phone::read_phone,
    practitioner::{LONGEST_DISPLAY, Practitioner, short_display},
};

/// What another system says about a member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PractitionerFacts {
    pub(crate) name: Given<String>,
    display: Given<String>,
    role: Given<String>,
    active: Given<bool>,
}

impl PractitionerFacts {
    /// Reads the facts.
    pub fn read(value: &Value, at: &str) -> Result<Self, Vec<Detail>> {
        let mut object = Object::of(value, at)?;
        let facts = Self {
            name: object.text("name", 120),
            display: object.text("display", LONGEST_DISPLAY),
            role: object.text("role", 60),
            active: object.flag("active"),
        };
        let problems = object.done();
        if problems.is_empty() { Ok(facts) } else { Err(problems) }
    }

    pub(crate) fn apply(&self, practitioner: &mut Practitioner) {
        let derived = practitioner.display == short_display(&practitioner.name);
        if let Given::Set(name) = &self.name {
            practitioner.name.clone_from(name);
        }
        match &self.display {
            Given::Set(display) => practitioner.display.clone_from(display),
            Given::Left if !derived => {}
            _ => practitioner.display = short_display(&practitioner.name),
        }
        self.role.put(&mut practitioner.role);
        if let Given::Set(active) = self.active {
            practitioner.active = active;
        }
    }
}

/// What another system says about a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocationFacts {
    pub(crate) name: Given<String>,
    zone: Given<Zone>,
    office_number: Given<String>,
    phone: Given<Phone>,
    street: Given<String>,
    city: Given<String>,
    state: Given<String>,
    postal: Given<String>,
    hours: Given<Hours>,
    holidays: Given<BTreeMap<Date, String>>,
}

impl LocationFacts {
    /// Reads the facts.
    pub fn read(reading: &Reading<'_>, value: &Value, at: &str) -> Result<Self, Vec<Detail>> {
        let mut object = Object::of(value, at)?;
        let mut facts = Self {
            name: object.text("name", 120),
            zone: object.zone("zone"),
            office_number: object.text("office_number", LONGEST_OFFICE),
            street: object.text("street", 120),
            city: object.text("city", 80),
            state: object.text("state", 40),
            postal: object.text("postal", 20),
            ..Self::default()
        };
        facts.phone = match object.text("phone", 60) {
            Given::Set(text) => match read_phone(&text, reading.region) {
                Ok(read) => Given::Set(read.phone),
                Err(problem) => {
                    object.wrong("phone", problem.to_string());
                    Given::Left
                }
            },
            Given::Cleared => Given::Cleared,
            Given::Left => Given::Left,
        };
        facts.hours = hours(&mut object);
        facts.holidays = holidays(&mut object);
        let problems = object.done();
        if problems.is_empty() { Ok(facts) } else { Err(problems) }
    }

    pub(crate) fn apply(&self, location: &mut Location) {
        if let Given::Set(name) = &self.name {
            location.name.clone_from(name);
        }
        if let Given::Set(zone) = &self.zone {
            location.zone = zone.clone();
        }
        self.office_number.put(&mut location.office_number);
        self.phone.put(&mut location.phone);
        let Address { street, city, state, postal } = &mut location.address;
        self.street.put(street);
        self.city.put(city);
        self.state.put(state);
        self.postal.put(postal);
        self.hours.put_usual(&mut location.hours);
        self.holidays.put_usual(&mut location.holidays);
    }
}

fn hours(object: &mut Object<'_>) -> Given<Hours> {
    let value = match object.raw("hours") {
        Given::Set(value) => value,
        other => return other.map(|_| Hours::default()),
    };
    let mut days = match Object::of(value, &object.place("hours")) {
        Ok(days) => days,
        Err(problems) => {
            object.problems.extend(problems);
            return Given::Left;
        }
    };
    let mut hours = Hours::default();
    let says = "must be a list of stretches such as {\"from\": \"08:00\", \"to\": \"12:00\"}, in order";
    let stretch = |value: &Value| {
        let fields = value.as_object().filter(|fields| fields.len() == 2)?;
        Some(Open { from: time(fields.get("from")?.as_str()?)?, to: time(fields.get("to")?.as_str()?)? })
    };
    for (name, day) in [
        ("monday", &mut hours.monday),
        ("tuesday", &mut hours.tuesday),
        ("wednesday", &mut hours.wednesday),
        ("thursday", &mut hours.thursday),
        ("friday", &mut hours.friday),
        ("saturday", &mut hours.saturday),
        ("sunday", &mut hours.sunday),
    ] {
        days.value(name, says, |value| {
            value.as_array().filter(|all| all.len() <= 6)?.iter().map(stretch).collect::<Option<Vec<_>>>()
        })
        .put_usual(day);
    }
    object.problems.extend(days.done());
    if !hours.are_sound() {
        object.wrong("hours", "each stretch ends after it begins, and no two of a day meet");
    }
    Given::Set(hours)
}

fn holidays(object: &mut Object<'_>) -> Given<BTreeMap<Date, String>> {
    let told = match object.list("holidays", 200) {
        Given::Set(told) => told,
        other => return other.map(|_| BTreeMap::new()),
    };
    let mut read = BTreeMap::new();
    for (at, value) in told {
        match Object::of(value, &at) {
            Ok(mut one) => {
                let (date, name) = (one.date("date"), one.text("name", 80));
                match date {
                    Given::Set(date) => {
                        read.insert(date, name.set().unwrap_or_default());
                    }
                    _ if one.problems.is_empty() => one.wrong("date", "is missing"),
                    _ => {}
                }
                object.problems.extend(one.done());
            }
            Err(problems) => object.problems.extend(problems),
        }
    }
    Given::Set(read)
}
