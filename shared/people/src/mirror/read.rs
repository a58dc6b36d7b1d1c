//! Reading what other systems say, with a pointer to each field that is wrong.
//!
//! Serde's own messages quote the value they do not like, which here is often a person's; these do not.

use jiff::civil::{Date, DateTime, Time};
use kernel::{Detail, Timestamp, Zone};
use serde_json::{Map, Value};

/// What a statement says about one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Given<T> {
    /// Nothing: it stays as it is.
    #[default]
    Left,
    /// That there is none.
    Cleared,
    /// This.
    Set(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            _ => None,
        }
    }

    /// Puts it where a value may be absent.
    pub(crate) fn put(&self, place: &mut Option<T>)
    where
        T: Clone,
    {
        match self {
            Self::Left => {}
            Self::Cleared => *place = None,
            Self::Set(value) => *place = Some(value.clone()),
        }
    }

    /// Puts it where there is always one; cleared is the usual value.
    pub(crate) fn put_usual(&self, place: &mut T)
    where
        T: Clone + Default,
    {
        match self {
            Self::Left => {}
            Self::Cleared => *place = T::default(),
            Self::Set(value) => *place = value.clone(),
        }
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Given<U> {
        match self {
            Self::Left => Given::Left,
            Self::Cleared => Given::Cleared,
            Self::Set(value) => Given::Set(change(value)),
        }
    }
}

/// An instant, or what a clock on the wall shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// An instant.
    At(Timestamp),
    /// On the wall of the place.
    Wall(DateTime),
}

impl When {
    /// Reads RFC 3339, with an offset or without.
    pub fn read(text: &str) -> Option<Self> {
        // A time with a `Z` or an offset is an instant; jiff's civil times refuse the first and ignore the other.
        // A day alone is no time: read as midnight it would remind people at night.
        let whole = text.contains(['T', 't', ' ']);
        text.parse().map(Self::At).ok().or_else(|| text.parse().map(Self::Wall).ok()).filter(|_| whole)
    }

    /// The instant, in a zone.
    pub fn in_zone(self, zone: &Zone) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Wall(wall) => zone.instant(wall),
        }
    }
}

/// One object while it is read. Every field that is asked for is known; what is left over at the end is not.
pub(crate) struct Object<'a> {
    fields: &'a Map<String, Value>,
    at: String,
    known: Vec<&'static str>,
    pub(crate) problems: Vec<Detail>,
}

/// A name as a part of a JSON pointer (RFC 6901).
pub(crate) fn pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl<'a> Object<'a> {
    pub(crate) fn of(value: &'a Value, at: &str) -> Result<Self, Vec<Detail>> {
        match value {
            Value::Object(fields) => {
                Ok(Self { fields, at: at.to_owned(), known: Vec::new(), problems: Vec::new() })
            }
            _ => Err(vec![Detail::new(at, "must be an object")]),
        }
    }

    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}/{}", self.at, pointer(name))
    }

    pub(crate) fn wrong(&mut self, name: &str, says: impl Into<String>) {
        self.problems.push(Detail::new(self.place(name), says));
    }

    pub(crate) fn raw(&mut self, name: &'static str) -> Given<&'a Value> {
        self.known.push(name);
        match self.fields.get(name) {
            None => Given::Left,
            Some(Value::Null) => Given::Cleared,
            Some(value) => Given::Set(value),
        }
    }

    /// A value that `read` understands; `says` what would be right.
    pub(crate) fn value<T>(
        &mut self,
        name: &'static str,
        says: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Given<T> {
        match self.raw(name) {
            Given::Left => Given::Left,
            Given::Cleared => Given::Cleared,
            Given::Set(value) => {
                if let Some(value) = read(value) {
                    Given::Set(value)
                } else {
                    self.wrong(name, says);
                    Given::Left
                }
            }
        }
    }

    /// A text of up to `most` characters; empty is none.
    pub(crate) fn text(&mut self, name: &'static str, most: usize) -> Given<String> {
        let says = format!("must be a text of at most {most} characters without control characters");
        let read = self.value(name, &says, |value| {
            let text = value.as_str()?.trim();
            let fits = text.chars().count() <= most && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned())
        });
        if read == Given::Set(String::new()) { Given::Cleared } else { read }
    }

    /// A text that `read` understands.
    pub(crate) fn word<T>(
        &mut self,
        name: &'static str,
        says: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Given<T> {
        self.value(name, says, |value| read(value.as_str()?.trim()))
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Given<bool> {
        self.value(name, "must be true or false", Value::as_bool)
    }

    pub(crate) fn date(&mut self, name: &'static str) -> Given<Date> {
        self.word(name, "must be a date such as 2026-03-08", |text| text.parse().ok())
    }

    pub(crate) fn when(&mut self, name: &'static str) -> Given<When> {
        self.word(
            name,
            "must be a time such as 2026-03-08T09:00:00-05:00, or without offset for the clock of the place",
            When::read,
        )
    }

    pub(crate) fn zone(&mut self, name: &'static str) -> Given<Zone> {
        self.word(name, "must be a time zone such as America/New_York", |text| text.parse().ok())
    }

    /// The elements of a list of at most `most`, with their pointers.
    pub(crate) fn list(&mut self, name: &'static str, most: usize) -> Given<Vec<(String, &'a Value)>> {
        let says = format!("must be a list of at most {most}");
        let place = self.place(name);
        match self.raw(name) {
            Given::Left => Given::Left,
            Given::Cleared => Given::Cleared,
            Given::Set(Value::Array(all)) if all.len() <= most => {
                let each = all.iter().enumerate();
                Given::Set(each.map(|(index, value)| (format!("{place}/{index}"), value)).collect())
            }
            Given::Set(_) => {
                self.wrong(name, says);
                Given::Left
            }
        }
    }

    /// All problems, those of unknown fields included.
    pub(crate) fn done(mut self) -> Vec<Detail> {
        let unknown: Vec<_> =
            self.fields.keys().filter(|name| !self.known.contains(&name.as_str())).cloned().collect();
        for name in unknown {
            self.wrong(&name, "is not a field we know");
        }
        self.problems
    }
}

/// A time of day.
pub(crate) fn time(text: &str) -> Option<Time> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_point_at_fields_and_do_not_quote_values() {
        let value = serde_json::json!({"a": 5, "b/c": "Ana Costa", "d": "yesterday"});
        let mut object = Object::of(&value, "/data").unwrap();
        assert_eq!(object.text("a", 5), Given::Left);
        assert_eq!(object.date("d"), Given::Left);
        let problems = object.done();
        let places: Vec<_> = problems.iter().map(|problem| problem.at.as_str()).collect();
        assert_eq!(places, ["/data/a", "/data/d", "/data/b~1c"]);
        assert!(!format!("{problems:?}").contains("Ana") && !format!("{problems:?}").contains("yesterday"));
    }

    #[test]
    fn times_are_instants_or_on_the_wall() {
        let zone: Zone = "America/New_York".parse().unwrap();
        for (text, at) in [
            ("2026-03-08T09:00:00-04:00", "2026-03-08T13:00:00Z"),
            ("2026-03-08T13:00:00Z", "2026-03-08T13:00:00Z"),
            ("2026-03-08T09:00", "2026-03-08T13:00:00Z"),
            ("2026-03-08T02:30", "2026-03-08T07:30:00Z"),
        ] {
            assert_eq!(When::read(text).unwrap().in_zone(&zone).to_string(), at, "{text}");
        }
        assert_eq!(When::read("soon"), None);
        assert_eq!(When::read("2026-03-08"), None);
    }
}
