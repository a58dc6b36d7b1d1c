//! A mapping: which columns of a file mean what.

use std::collections::BTreeMap;

use jiff::civil::Time;
use kernel::{Detail, Zone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    mirror::{Kind, Reading, pointer},
    origin::is_source,
};

/// How the text of a column is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// As it is.
    #[default]
    Text,
    /// An id; one that a spreadsheet printed as a number (`2.98725E+13`, `17.0`) becomes its digits.
    Id,
    /// A whole number.
    Number,
    /// Yes or no, in the usual words.
    Flag,
    /// A day; of a time, its day.
    Date,
    /// A day and a time.
    DateTime,
    /// An age in years, as a day of birth that makes it so.
    Age,
    /// Several words with `|` or `;` between them.
    List,
}

/// A time of day for days without one: the slots of a working day, in turn by a column's value, so that the same
/// row always gets the same slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The first slot.
    pub from: Time,
    /// When the last slot ends.
    pub to: Time,
    /// How long a slot is.
    pub minutes: u16,
    /// The column whose value chooses the slot.
    pub by: String,
    /// Over how many days, the first one included.
    #[serde(default = "one")]
    pub days: u16,
}

fn one() -> u16 {
    1
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Field {
    /// The column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The same value for every row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<Value>,
    /// How the text is understood.
    pub shape: Shape,
    /// How dates are printed, in the letters of `strptime`, such as `%m/%d/%Y %I:%M %p`; ISO 8601 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The source's words and ours. A word that is not here is a fault of the row, unless there is a `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, Value>>,
    /// The value where the column is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// An empty column is a fault of the row.
    pub required: bool,
    /// The time of day of a date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Times of day for dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
    /// The offset in the file is not meant: the time is what the clock on the wall showed.
    pub wall: bool,
    /// The column with the day on which an age held; the day of the import without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
}

/// One thing that a row speaks of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// What kind of thing.
    pub kind: Kind,
    /// Its id in the source.
    pub id: Field,
    /// Its version there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Field>,
    /// When it was changed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Field>,
    /// Rows without its id do not speak of it.
    #[serde(default)]
    pub optional: bool,
    /// Its fields, by the names that statements use.
    pub fields: BTreeMap<String, Field>,
}

/// Which columns of a file mean what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What it is for.
    #[serde(default)]
    pub about: String,
    /// The source system whose ids the file has.
    pub source: String,
    /// What stands between columns.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// The zone of times without an offset; the zone of the place or the clinic without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// A contact point that cannot be read refuses its row, instead of being left out.
    #[serde(default)]
    pub strict_contacts: bool,
    /// Days added to the dates of appointments.
    #[serde(default)]
    pub shift_days: i32,
    /// What a row speaks of, in the order in which it is taken.
    pub entities: Vec<Entity>,
}

fn comma() -> char {
    ','
}

/// The most bytes of a mapping.
pub(crate) const LONGEST: usize = 32 * 1024;

impl Field {
    fn columns(&self) -> impl Iterator<Item = &String> {
        self.column.iter().chain(self.on.iter()).chain(self.spread.iter().map(|spread| &spread.by))
    }

    fn check(&self, at: &str, wrong: &mut Vec<Detail>) {
        if self.column.is_some() == self.constant.is_some() {
            wrong.push(Detail::new(at, "give either a column or a constant"));
        }
        let dated = matches!(self.shape, Shape::Date | Shape::DateTime);
        if (self.pattern.is_some() || self.at.is_some() || self.spread.is_some()) && !dated {
            wrong.push(Detail::new(at, "pattern, at and spread need the shape date or date_time"));
        }
        if self.on.is_some() && self.shape != Shape::Age {
            wrong.push(Detail::new(format!("{at}/on"), "goes with the shape age only"));
        }
        if let Some(spread) = &self.spread
            && (spread.slots() == 0 || spread.days == 0)
        {
            wrong.push(Detail::new(format!("{at}/spread"), "has no room for one slot"));
        }
    }
}

impl Spread {
    /// How many slots a day has.
    pub(crate) fn slots(&self) -> u64 {
        let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
        let room = minutes(self.to) - minutes(self.from);
        u64::try_from(room).unwrap_or(0).checked_div(u64::from(self.minutes)).unwrap_or(0)
    }
}

impl Mapping {
    /// Reads a mapping and checks all that can be checked without a file.
    pub fn read(value: &Value, reading: &Reading<'_>) -> Result<Self, Vec<Detail>> {
        if value.to_string().len() > LONGEST {
            return Err(vec![Detail::new("/mapping", "is longer than 32 KB")]);
        }
        // A mapping holds names of columns and words of the product, so that serde may speak of it.
        let mapping: Self = serde_json::from_value(value.clone())
            .map_err(|error| vec![Detail::new("/mapping", error.to_string())])?;
        let mut wrong = Vec::new();
        if !is_source(&mapping.source) {
            wrong.push(Detail::new("/mapping/source", "a source has 1 to 40 of a-z, 0-9, - _ and ."));
        }
        if !mapping.delimiter.is_ascii() || matches!(mapping.delimiter, '"' | '\n' | '\r') {
            wrong.push(Detail::new("/mapping/delimiter", "must be one ASCII sign other than a quote"));
        }
        if !(1..=8).contains(&mapping.entities.len()) {
            wrong.push(Detail::new("/mapping/entities", "must be 1 to 8"));
        }
        for (index, entity) in mapping.entities.iter().enumerate() {
            let at = format!("/mapping/entities/{index}");
            entity.id.check(&format!("{at}/id"), &mut wrong);
            for (name, field) in entity.extra() {
                field.check(&format!("{at}/{name}"), &mut wrong);
            }
            for (name, field) in &entity.fields {
                field.check(&format!("{at}/fields/{}", pointer(name)), &mut wrong);
            }
            wrong.extend(entity.unknown_fields(&at, reading));
        }
        if wrong.is_empty() { Ok(mapping) } else { Err(wrong) }
    }

    /// The column behind a field that a statement's problem points at.
    pub(crate) fn at_column(&self, detail: Detail) -> Detail {
        let name = detail.at.trim_start_matches('/').split('/').next().unwrap_or_default();
        let field = self.entities.iter().find_map(|entity| entity.fields.get(name));
        let column = field.and_then(|field| field.column.clone());
        Detail::new(column.unwrap_or(detail.at), detail.says)
    }

    /// The columns the mapping needs that a file does not have.
    pub(crate) fn missing(&self, columns: &[String]) -> Vec<String> {
        let mut missing: Vec<String> = self
            .entities
            .iter()
            .flat_map(|entity| {
                let fields = entity.fields.values().chain(entity.extra().map(|(_, field)| field));
                fields.chain([&entity.id]).flat_map(Field::columns)
            })
            .filter(|column| !columns.contains(column))
            .cloned()
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

impl Entity {
    fn extra(&self) -> impl Iterator<Item = (&'static str, &Field)> {
        let version = self.version.as_ref().map(|field| ("version", field));
        version.into_iter().chain(self.updated_at.as_ref().map(|field| ("updated_at", field)))
    }

    /// Fields that no statement of this kind has: found by reading a statement in which all are cleared.
    fn unknown_fields(&self, at: &str, reading: &Reading<'_>) -> Vec<Detail> {
        let cleared = Value::Object(self.fields.keys().map(|name| (name.clone(), Value::Null)).collect());
        let origin = crate::origin::Origin::new("mapping", "1", None, kernel::Timestamp::UNIX_EPOCH);
        let place = format!("{at}/fields");
        match reading.statement(self.kind, origin, &cleared, &place, &mut Vec::new()) {
            Ok(_) => Vec::new(),
            Err(details) => details,
        }
    }
}
