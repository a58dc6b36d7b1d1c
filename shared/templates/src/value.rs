//! The values that fill variables.

use std::{collections::BTreeMap, fmt};

use jiff::civil::Date;
use kernel::{Detail, Language, Phone, Timestamp, Zone};
use serde::Deserialize;
use serde_json::Value as Json;
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    dates::{self, Style},
    segments::most_units,
    variables::{Type, Variable, variables},
};

/// One value. `Debug` shows its type only.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Words.
    Text(String),
    /// A person's name; shortens to first name and last initial where room is scarce.
    Name {
        /// Given name.
        first: String,
        /// Family name; may be empty.
        last: String,
    },
    /// An instant, told as the clock on the wall of a zone shows it.
    DateTime {
        /// The instant.
        at: Timestamp,
        /// Where the visit is.
        zone: Zone,
    },
    /// A day.
    Date(Date),
    /// An amount.
    Money {
        /// Hundredths of the currency.
        cents: i64,
        /// ISO 4217 code.
        currency: String,
    },
    /// An `https` address (or `http`, for a machine's own loopback).
    Link(String),
    /// A phone number.
    Phone(Phone),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(•••)",
            Self::Name { .. } => "Name(•••)",
            Self::DateTime { .. } => "DateTime(•••)",
            Self::Date(_) => "Date(•••)",
            Self::Money { .. } => "Money(•••)",
            Self::Link(_) => "Link(•••)",
            Self::Phone(_) => "Phone(•••)",
        })
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Phone> for Value {
    fn from(phone: Phone) -> Self {
        Self::Phone(phone)
    }
}

/// A value that does not fit the place it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misfit {
    WrongType,
    TooLong,
}

/// A value as text for a place.
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) cut: bool,
}

impl Value {
    /// Reads a value of a type from JSON: text, links and phones are strings, a date is `2026-01-15`, a date
    /// with time `{"at": instant, "zone": name}`, money `{"cents": 12500, "currency": "USD"}`, a name
    /// `{"first": …, "last": …}` or one string.
    fn read(kind: Type, json: &Json) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Instant {
            at: Timestamp,
            zone: Zone,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Amount {
            cents: i64,
            currency: String,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Names {
            first: String,
            #[serde(default)]
            last: String,
        }
        let text = || json.as_str().map(str::to_owned);
        match kind {
            Type::Text => text().map(Self::Text),
            Type::Name => match json.as_str() {
                Some(whole) => Some(Self::name(whole)),
                None => Names::deserialize(json)
                    .ok()
                    .map(|name| Self::Name { first: name.first, last: name.last }),
            },
            Type::DateTime | Type::Time => {
                Instant::deserialize(json).ok().map(|i| Self::DateTime { at: i.at, zone: i.zone })
            }
            Type::Date => Date::deserialize(json).ok().map(Self::Date),
            Type::Money => Amount::deserialize(json)
                .ok()
                .filter(|a| a.currency.len() == 3 && a.currency.bytes().all(|b| b.is_ascii_uppercase()))
                .map(|a| Self::Money { cents: a.cents, currency: a.currency }),
            Type::Link => text().map(Self::Link).filter(|link| link.fits(Type::Link)),
            Type::Phone => Phone::deserialize(json).ok().map(Self::Phone),
        }
    }

    /// A name from one string, the first word as the given name.
    fn name(whole: &str) -> Self {
        let (first, last) = whole.trim().split_once(' ').unwrap_or((whole.trim(), ""));
        Self::Name { first: first.to_owned(), last: last.to_owned() }
    }

    /// Whether it is one of a type.
    fn fits(&self, kind: Type) -> bool {
        match (kind, self) {
            (Type::Link, Self::Link(to)) => {
                let rest = to.strip_prefix("https://").or_else(|| to.strip_prefix("http://"));
                rest.is_some_and(|rest| !rest.is_empty())
                    && to.chars().all(|c| c.is_ascii_graphic() && !"<>\"'`{}|\\^".contains(c))
            }
            (Type::Text, Self::Text(_))
            | (Type::Name, Self::Name { .. } | Self::Text(_))
            | (Type::DateTime | Type::Time | Type::Date, Self::DateTime { .. })
            | (Type::Date, Self::Date(_))
            | (Type::Money, Self::Money { .. })
            | (Type::Phone, Self::Phone(_)) => true,
            _ => false,
        }
    }

    /// Whether words in it could begin a new line of a header.
    pub(crate) fn has_line_break(&self) -> bool {
        let breaks = |text: &str| {
            text.contains(['\r', '\n', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}', '\0'])
        };
        match self {
            Self::Text(text) | Self::Link(text) => breaks(text),
            Self::Name { first, last } => breaks(first) || breaks(last),
            _ => false,
        }
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) | Self::Link(text) => text.trim().is_empty(),
            Self::Name { first, last } => first.trim().is_empty() && last.trim().is_empty(),
            _ => false,
        }
    }

    /// The text of the value for a variable, in at most `budget` units. Words are cut between graphemes;
    /// anything else that does not fit is a fault, because half a link or half an amount is worse than none.
    /// `prepare` is the channel's own way with characters and runs before the cut.
    pub(crate) fn shown(
        &self,
        kind: Type,
        language: &Language,
        style: Style,
        budget: usize,
        prepare: impl Fn(&str) -> String,
    ) -> Result<Shown, Misfit> {
        if !self.fits(kind) {
            return Err(Misfit::WrongType);
        }
        if let (Type::Name, Self::Text(whole)) = (kind, self) {
            return Self::name(whole).shown(kind, language, style, budget, prepare);
        }
        let text = match (kind, self) {
            (_, Self::Text(text) | Self::Link(text)) => prepare(text),
            (_, Self::Name { first, last }) => {
                let (first, last) = (prepare(first.trim()), prepare(last.trim()));
                let whole = format!("{first} {last}");
                let whole = whole.trim();
                let initial = last.graphemes(true).next().map(|initial| format!("{first} {initial}."));
                return Ok(match initial.filter(|short| room(short) <= budget && !first.is_empty()) {
                    _ if room(whole) <= budget => Shown { text: whole.to_owned(), cut: false },
                    Some(short) => Shown { text: short, cut: true },
                    None => Shown { text: cut(whole, budget), cut: true },
                });
            }
            (Type::Time, Self::DateTime { at, zone }) => dates::time(zone.wall(*at), language),
            (Type::Date, Self::DateTime { at, zone }) => dates::date(zone.wall(*at).date(), language, style),
            (_, Self::DateTime { at, zone }) => dates::date_time(zone.wall(*at), language, style),
            (_, Self::Date(day)) => dates::date(*day, language, style),
            (_, Self::Money { cents, currency }) => dates::money(*cents, currency, language),
            (_, Self::Phone(phone)) => phone.as_str().to_owned(),
        };
        if room(&text) <= budget {
            return Ok(Shown { text, cut: false });
        }
        match kind {
            Type::Text | Type::Name => Ok(Shown { text: cut(&text, budget), cut: true }),
            _ => Err(Misfit::TooLong),
        }
    }
}

/// The units a text takes at most, whatever it ends up next to.
pub(crate) fn room(text: &str) -> usize {
    text.chars().map(most_units).sum()
}

/// The longest beginning of whole graphemes within `budget` units, without a space at its end.
fn cut(text: &str, budget: usize) -> String {
    let mut used = 0;
    let kept: String = text
        .graphemes(true)
        .take_while(|grapheme| {
            used += room(grapheme);
            used <= budget
        })
        .collect();
    kept.trim_end().to_owned()
}

/// Values by the path of their variable.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same values and one more. The path is the variable's own, such as `patient.first_name`.
    #[must_use]
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.put(path, value);
        self
    }

    /// Adds or replaces a value.
    pub fn put(&mut self, path: &str, value: impl Into<Value>) {
        self.0.insert(path.to_owned(), value.into());
    }

    /// Reads values from a JSON object of paths or aliases; `at` in the faults is a JSON pointer.
    pub fn read(json: &serde_json::Map<String, Json>) -> Result<Self, Vec<Detail>> {
        let (mut values, mut faults) = (Self::new(), Vec::new());
        for (name, json) in json {
            let at = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            match variables().find(name) {
                None => faults.push(Detail::new(at, "unknown variable")),
                Some(variable) => match Value::read(variable.kind, json) {
                    Some(value) => values.put(&variable.path, value),
                    None => {
                        faults.push(Detail::new(at, format!("not a value of type {}", variable.kind.name())));
                    }
                },
            }
        }
        if faults.is_empty() { Ok(values) } else { Err(faults) }
    }

    /// What stands for a variable: its own value, or the part of a wider one it can be read from. A blank
    /// value is none.
    pub(crate) fn get(&self, variable: &Variable) -> Option<Value> {
        let own = self.0.get(&variable.path).filter(|value| !value.is_blank());
        own.cloned().or_else(|| match (variable.kind, self.0.get(variable.from.as_ref()?)?) {
            (Type::Date | Type::Time, whole @ Value::DateTime { .. }) => Some(whole.clone()),
            (Type::Text, Value::Name { first, last }) => {
                let part = if variable.path.ends_with("last_name") { last } else { first };
                Some(Value::Text(part.clone())).filter(|part| !part.is_blank())
            }
            _ => None,
        })
    }

    /// Samples of every variable.
    pub(crate) fn samples(full: bool) -> Self {
        let mut values = Self::new();
        for variable in variables().all() {
            let sample = if full { &variable.full } else { &variable.typical };
            if let Some(value) = Value::read(variable.kind, sample) {
                values.put(&variable.path, value);
            }
        }
        values
    }

    /// Samples of links, which are made when a message goes out; of those about a visit only if there is one.
    pub(crate) fn links(visit: bool) -> Self {
        let mut links = Self::samples(false);
        links
            .0
            .retain(|path, value| matches!(value, Value::Link(_)) && (visit || path == "links.unsubscribe"));
        links
    }

    /// These values, and those of `other` where these have none.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        for (path, value) in other.0 {
            self.0.entry(path).or_insert(value);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn name(first: &str, last: &str, budget: usize) -> (String, bool) {
        let value = Value::Name { first: first.to_owned(), last: last.to_owned() };
        let shown =
            value.shown(Type::Name, &Language::english(), Style::Short, budget, str::to_owned).unwrap();
        (shown.text, shown.cut)
    }

    /// C-17
    #[rstest]
    #[case("Ana", "Reyes", "Ana Reyes", false)]
    #[case("Ana", "", "Ana", false)]
    #[case("Ana María", "de la Cruz y Villanueva", "Ana María d.", true)]
    #[case("Wilhelmina-Alexandra-Josephine", "Li", "Wilhelmina-Alexandra-Jose", true)]
    #[case("Abcdefghijklmnopqrstuvwx y", "", "Abcdefghijklmnopqrstuvwx", true)]
    #[case("", "Reyes", "Reyes", false)]
    fn a_name_is_cut_to_first_name_and_initial_and_then_at_25(
        #[case] first: &str,
        #[case] last: &str,
        #[case] shown: &str,
        #[case] was_cut: bool,
    ) {
        assert_eq!(name(first, last, 25), (shown.to_owned(), was_cut));
    }

    /// C-17
    #[test]
    fn graphemes_are_never_split() {
        let family = "👨‍👩‍👧".to_owned();
        assert_eq!(cut(&format!("ab{family}c"), 9), "ab");
        assert_eq!(cut(&format!("ab{family}c"), 10), format!("ab{family}"));
        assert_eq!(cut("ñe\u{301}x", 2), "ñ");
    }

    #[test]
    fn half_a_link_is_worse_than_none() {
        let link = Value::Link("https://example.com/abcdef".to_owned());
        let show = |budget| {
            link.shown(Type::Link, &Language::english(), Style::Short, budget, str::to_owned).map(|s| s.text)
        };
        assert_eq!(show(26).unwrap(), "https://example.com/abcdef");
        assert_eq!(show(25), Err(Misfit::TooLong));
    }

    #[test]
    fn values_are_read_by_the_type_of_their_variable() {
        let read = |json: serde_json::Value| Values::read(json.as_object().unwrap());
        let good = read(json!({
            "firstName": "Ana",
            "appointment.date_time": {"at": "2026-01-15T15:30:00Z", "zone": "America/New_York"},
            "invoice.total": {"cents": 100, "currency": "USD"},
        }));
        assert_eq!(good.unwrap().0["patient.first_name"], Value::from("Ana"));
        let faults = read(json!({
            "shoe.size": 9,
            "links.confirm": "javascript:alert(1)",
            "invoice.total": {"cents": 100, "currency": "usd"},
            "patient.first_name": 7,
        }));
        let at: Vec<_> = faults.unwrap_err().into_iter().map(|fault| fault.at).collect();
        assert_eq!(at, ["/shoe.size", "/links.confirm", "/invoice.total", "/patient.first_name"]);
    }

    #[test]
    fn debug_shows_nothing_of_a_person() {
        let values = Values::new().with("patient.first_name", "Ana");
        assert!(!format!("{values:?}").contains("Ana"));
    }

    proptest! {
        /// C-17
        #[test]
        fn a_cut_is_a_beginning_within_budget(text in "\\PC{0,60}", budget in 0..40_usize) {
            let kept = cut(&text, budget);
            prop_assert!(room(&kept) <= budget && text.starts_with(&kept) && kept == kept.trim_end());
        }
    }
}
