//! What all pages up to one amount to.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::civil::Date;
use kernel::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Ranges, lines::NotALine};
use crate::Cell;

/// What was used in a cell of the statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Used {
    /// Messages.
    pub messages: i64,
    /// How many times a rate was taken.
    pub units: i64,
    /// What it cost.
    pub amount: i64,
}

impl Used {
    pub(crate) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.units += other.units;
        self.amount += other.amount;
    }

    /// Whether there is nothing in it.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// What was used, cell by cell; in an item `Rs.10.12.36 Pe.1.1.1`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cells(pub BTreeMap<Cell, Used>);

impl Serialize for Cells {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut out = String::new();
        for (cell, used) in &self.0 {
            if !out.is_empty() {
                out.push(' ');
            }
            let _ = write!(out, "{cell}.{}.{}.{}", used.messages, used.units, used.amount);
        }
        s.serialize_str(&out)
    }
}

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        let mut cells = BTreeMap::new();
        for cell in text.split(' ').filter(|cell| !cell.is_empty()) {
            let mut parts = cell.split('.');
            let key = parts.next().and_then(Cell::read).ok_or(NotALine).map_err(D::Error::custom)?;
            let mut number =
                || parts.next().and_then(|part| part.parse().ok()).ok_or(NotALine).map_err(D::Error::custom);
            cells.insert(key, Used { messages: number()?, units: number()?, amount: number()? });
        }
        Ok(Self(cells))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// What happened in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// What messages took, less what was given back for them.
    #[serde(skip_serializing_if = "no_cells")]
    pub used: Cells,
    /// What was bought or allowed.
    #[serde(skip_serializing_if = "is_zero")]
    pub bought: i64,
    /// What purchases were given back.
    #[serde(skip_serializing_if = "is_zero")]
    pub returned: i64,
    /// What was corrected by hand.
    #[serde(skip_serializing_if = "is_zero")]
    pub adjusted: i64,
    /// What ran out.
    #[serde(skip_serializing_if = "is_zero")]
    pub expired: i64,
}

fn no_cells(cells: &Cells) -> bool {
    cells.0.is_empty()
}

impl Totals {
    pub(crate) fn add(&mut self, other: &Self) {
        for (cell, used) in &other.used.0 {
            self.used.0.entry(*cell).or_default().add(*used);
        }
        self.bought += other.bought;
        self.returned += other.returned;
        self.adjusted += other.adjusted;
        self.expired += other.expired;
    }

    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// What it all did to the balance.
    pub fn sum(&self) -> i64 {
        let used: i64 = self.used.0.values().map(|used| used.amount).sum();
        self.bought - self.returned + self.adjusted - self.expired - used
    }
}

/// A reservation that is not settled altogether.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The page it is in.
    pub page: u64,
    /// What it still holds.
    pub held: i64,
    /// From when on nobody works on it any more, to the second.
    pub until: Timestamp,
    /// How many parts it has.
    pub parts: u32,
    /// The parts that are settled.
    pub done: Ranges,
}

/// The open reservations; in an item `17:36:1795377600:10:0-4`, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opens(pub Vec<Open>);

impl Serialize for Opens {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut out = String::new();
        for open in &self.0 {
            if !out.is_empty() {
                out.push(' ');
            }
            let until = open.until.as_second();
            let _ = write!(out, "{}:{}:{until}:{}:{}", open.page, open.held, open.parts, open.done);
        }
        s.serialize_str(&out)
    }
}

impl<'de> Deserialize<'de> for Opens {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        fn read(text: &str) -> Option<Open> {
            let mut parts = text.split(':');
            Some(Open {
                page: parts.next()?.parse().ok()?,
                held: parts.next()?.parse().ok()?,
                until: Timestamp::from_second(parts.next()?.parse().ok()?).ok()?,
                parts: parts.next()?.parse().ok()?,
                done: parts.next()?.parse().ok()?,
            })
        }
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        let opens = text.split(' ').filter(|open| !open.is_empty());
        opens
            .map(|open| read(open).ok_or(NotALine).map_err(D::Error::custom))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn no_opens(opens: &Opens) -> bool {
    opens.0.is_empty()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// What all pages up to one amount to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Everything that ever came in.
    #[serde(rename = "in")]
    pub put_in: i64,
    /// Everything that ever went out, less what was given back for messages. What came first goes first.
    #[serde(rename = "out")]
    pub taken_out: i64,
    /// What open reservations hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held: i64,
    /// The open reservations.
    #[serde(default, skip_serializing_if = "no_opens")]
    pub open: Opens,
    /// The day in the clinic's zone.
    pub day: Date,
    /// What happened on this day so far.
    #[serde(default, skip_serializing_if = "Totals::is_zero", rename = "of")]
    pub totals: Totals,
    /// Whether it is known that the balance is low.
    #[serde(default, skip_serializing_if = "is_false")]
    pub low: bool,
    /// Whether something was refused since the last time anything came in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub empty: bool,
    /// The month whose allowance was given, such as `2026-11`, and how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<(String, i64)>,
}

impl Head {
    /// Before the first page.
    pub(crate) fn new(day: Date) -> Self {
        Self {
            put_in: 0,
            taken_out: 0,
            held: 0,
            open: Opens::default(),
            day,
            totals: Totals::default(),
            low: false,
            empty: false,
            allowed: None,
        }
    }

    /// The sum of everything that was booked; reservations are still in it.
    pub fn balance(&self) -> i64 {
        self.put_in - self.taken_out
    }

    /// What can be spent.
    pub fn available(&self) -> i64 {
        self.balance() - self.held
    }
}
