//! What is reserved and what was booked, line by line, packed: ten messages and their predecessors have to fit
//! into one kilobyte, which is one write unit.

use std::fmt::Write as _;

use kernel::MessageId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::Cell;

/// A packed line that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the ledger cannot be read")]
pub struct NotALine;

/// What a reservation is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// One attempt to send a message.
    Message {
        /// The message.
        id: MessageId,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// A whole blast, settled in parts.
    Blast {
        /// Its id: letters, digits, `_` and `-`.
        id: String,
        /// How many parts it has.
        parts: u32,
    },
}

/// A line of a reservation: part 0, 1, 2 … of its page; a blast is the only line of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What for.
    pub what: What,
    /// What it is and which way it is expected to go.
    pub cell: Cell,
    /// The most it may cost.
    pub most: i64,
}

/// The lines of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines(pub Vec<Line>);

/// What was booked for a part of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Which part.
    pub part: u32,
    /// What it was and which way it went.
    pub cell: Cell,
    /// How many messages.
    pub messages: u32,
    /// How many times the rate was taken.
    pub units: u32,
    /// What it cost.
    pub amount: i64,
}

fn next<'a, T: std::str::FromStr>(parts: &mut impl Iterator<Item = &'a str>) -> Result<T, NotALine> {
    parts.next().and_then(|part| part.parse().ok()).ok_or(NotALine)
}

fn cell<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Result<Cell, NotALine> {
    parts.next().and_then(Cell::read).ok_or(NotALine)
}

impl Lines {
    /// How many parts there are to settle.
    pub fn parts(&self) -> u32 {
        match self.0.first().map(|line| &line.what) {
            Some(What::Blast { parts, .. }) => *parts,
            _ => u32::try_from(self.0.len()).unwrap_or(u32::MAX),
        }
    }

    /// The line that a part belongs to.
    pub fn of(&self, part: u32) -> Option<&Line> {
        match self.0.first() {
            Some(line @ Line { what: What::Blast { parts, .. }, .. }) => (part < *parts).then_some(line),
            _ => self.0.get(usize::try_from(part).ok()?),
        }
    }

    /// Whether it is the reservation of a blast.
    pub fn is_blast(&self) -> bool {
        matches!(self.0.first(), Some(Line { what: What::Blast { .. }, .. }))
    }

    fn pack(&self) -> String {
        let mut out = String::with_capacity(self.0.len() * 36);
        for line in &self.0 {
            if !out.is_empty() {
                out.push(' ');
            }
            let done = match &line.what {
                What::Message { id, attempt } => {
                    let id = id.to_string();
                    write!(out, "{}.{attempt}", id.trim_start_matches("msg_"))
                }
                What::Blast { id, parts } => write!(out, "*{id}.{parts}"),
            };
            // Writing to a text cannot fail.
            let _ = done.and_then(|()| write!(out, ".{}.{}", line.cell, line.most));
        }
        out
    }

    fn unpack(text: &str) -> Result<Self, NotALine> {
        let mut lines = Vec::new();
        for line in text.split(' ').filter(|line| !line.is_empty()) {
            let mut parts = line.split('.');
            let id = parts.next().ok_or(NotALine)?;
            let what = if let Some(id) = id.strip_prefix('*') {
                What::Blast { id: id.to_owned(), parts: next(&mut parts)? }
            } else {
                let id = format!("msg_{id}").parse().map_err(|_| NotALine)?;
                What::Message { id, attempt: next(&mut parts)? }
            };
            lines.push(Line { what, cell: cell(&mut parts)?, most: next(&mut parts)? });
        }
        Ok(Self(lines))
    }
}

/// One message that took the rate once is written without saying so.
pub(super) fn pack_booked(booked: &[Booked]) -> String {
    let mut out = String::new();
    for one in booked {
        if !out.is_empty() {
            out.push(' ');
        }
        let _ = write!(out, "{}.{}.{}", one.part, one.cell, one.amount);
        if (one.messages, one.units) != (1, 1) {
            let _ = write!(out, ".{}.{}", one.units, one.messages);
        }
    }
    out
}

fn unpack_booked(text: &str) -> Result<Vec<Booked>, NotALine> {
    let mut all = Vec::new();
    for one in text.split(' ').filter(|one| !one.is_empty()) {
        let mut parts = one.split('.').peekable();
        let (part, cell, amount) = (next(&mut parts)?, cell(&mut parts)?, next(&mut parts)?);
        let (units, messages) =
            if parts.peek().is_some() { (next(&mut parts)?, next(&mut parts)?) } else { (1, 1) };
        all.push(Booked { part, cell, messages, units, amount });
    }
    Ok(all)
}

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.pack())
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::unpack(&std::borrow::Cow::<'de, str>::deserialize(d)?).map_err(D::Error::custom)
    }
}

/// Booked lines as they stand in an entry.
pub(super) mod packed {
    use serde::de::Error as _;

    use super::{Booked, Deserialize, Deserializer, Serializer, pack_booked, unpack_booked};

    pub(in super::super) fn serialize<S: Serializer>(booked: &[Booked], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&pack_booked(booked))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Booked>, D::Error> {
        unpack_booked(&std::borrow::Cow::<'de, str>::deserialize(d)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Notification;
    use kernel::{Channel, Id as _};

    #[test]
    fn lines_read_back_what_they_wrote() {
        let message = |n: &str, attempt| What::Message { id: MessageId::derived(&[n]), attempt };
        let reminder = Cell::new(Notification::Reminder, Channel::Sms);
        let lines = Lines(vec![
            Line { what: message("a", 1), cell: reminder, most: 6 },
            Line { what: message("b", 3), cell: Cell::new(Notification::Private, Channel::Email), most: 0 },
        ]);
        let text = serde_json::to_string(&lines).unwrap();
        assert!(text.len() <= 2 * 37, "{text}");
        assert_eq!(serde_json::from_str::<Lines>(&text).unwrap(), lines);
        let cell = Cell::new(Notification::Mass, Channel::Email);
        let blast = Lines(vec![Line { what: What::Blast { id: "evt_1".into(), parts: 4 }, cell, most: 900 }]);
        let text = serde_json::to_string(&blast).unwrap();
        assert_eq!(text, r#""*evt_1.4.Me.900""#);
        assert_eq!(serde_json::from_str::<Lines>(&text).unwrap(), blast);
        let one = Booked { part: 0, cell: reminder, messages: 1, units: 1, amount: 3 };
        let many = Booked { part: 12, cell, messages: 100, units: 100, amount: 100 };
        let text = pack_booked(&[one, many]);
        assert_eq!(text, "0.Rs.3 12.Me.100.100.100");
        assert_eq!(unpack_booked(&text).unwrap(), [one, many]);
        for bad in ["x", "0.Rs", "0.Zz.1", "0.Rs.1.1"] {
            assert_eq!(unpack_booked(bad), Err(NotALine), "{bad}");
        }
    }
}
