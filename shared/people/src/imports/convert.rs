//! From the text of a column to the value of a field.

use jiff::{
    Span,
    civil::{Date, DateTime},
    fmt::strtime,
};
use kernel::{Detail, Timestamp, Zone};
use serde_json::{Map, Value, json};

use super::mapping::{Entity, Field, Mapping, Shape};
use crate::{
    mirror::{Kind, Reading, Statement, When},
    origin::{Origin, is_source_id},
};

/// One row: the texts of its columns. An absent and an empty one are the same.
pub(crate) trait Row {
    /// The text of a column, without space around it.
    fn text(&self, column: &str) -> Option<&str>;
}

/// What rows are read with.
pub(crate) struct Converter<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) reading: Reading<'a>,
    pub(crate) as_of: Timestamp,
    pub(crate) shift_days: i32,
    pub(crate) zone: Zone,
}

/// What a row says, and what of it was left out.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) statements: Vec<Statement>,
    pub(crate) left_out: Vec<Detail>,
    pub(crate) rounded_ids: u64,
}

impl Converter<'_> {
    /// Reads a row. Problems name the column.
    pub(crate) fn row(&self, row: &impl Row) -> Result<Said, Vec<Detail>> {
        let mut said = Said::default();
        let mut wrong = Vec::new();
        for entity in &self.mapping.entities {
            match self.entity(entity, row, &mut said) {
                Ok(statement) => said.statements.extend(statement),
                Err(details) => wrong.extend(details),
            }
        }
        if wrong.is_empty() { Ok(said) } else { Err(wrong) }
    }

    fn entity(
        &self,
        entity: &Entity,
        row: &impl Row,
        said: &mut Said,
    ) -> Result<Option<Statement>, Vec<Detail>> {
        let place = |field: &Field| field.column.clone().unwrap_or_else(|| "constant".to_owned());
        let wrong = |field: &Field, says: &str| vec![Detail::new(place(field), says)];
        let id = match self.value(&entity.id, row, false).map_err(|says| wrong(&entity.id, says))? {
            Some(Value::String(id)) if is_source_id(&id) => id,
            Some(Value::Number(id)) => id.to_string(),
            None if entity.optional => return Ok(None),
            None => return Err(wrong(&entity.id, "is empty")),
            Some(_) => return Err(wrong(&entity.id, "must be an id of 1 to 120 characters")),
        };
        if entity.id.shape == Shape::Id
            && let Some(text) = entity.id.column.as_ref().and_then(|column| row.text(column))
            && text.contains(['e', 'E'])
        {
            said.rounded_ids += 1;
        }
        let shifts = entity.kind == Kind::Appointment;
        let mut problems = Vec::new();
        let mut data = Map::new();
        for (name, field) in &entity.fields {
            match self.value(field, row, shifts) {
                Ok(Some(value)) => {
                    data.insert(name.clone(), value);
                }
                Ok(None) if field.required => problems.extend(wrong(field, "is empty")),
                Ok(None) => {}
                Err(says) => problems.extend(wrong(field, says)),
            }
        }
        let mut origin = Origin::new(self.reading.source, &id, None, self.as_of);
        if let Some(field) = &entity.version {
            match self.value(field, row, false) {
                Ok(version) => origin.version = version.as_ref().and_then(Value::as_u64),
                Err(says) => problems.extend(wrong(field, says)),
            }
        }
        if let Some(field) = &entity.updated_at {
            match self.value(field, row, false) {
                Ok(Some(at)) => match at.as_str().and_then(When::read) {
                    Some(when) => origin.updated_at = when.in_zone(&self.zone),
                    None => problems.extend(wrong(field, "must be a time")),
                },
                Ok(None) => {}
                Err(says) => problems.extend(wrong(field, says)),
            }
        }
        let column_of = |detail: Detail| {
            let name = detail.at.trim_start_matches('/').split('/').next().unwrap_or_default();
            let column = entity.fields.get(name).and_then(|field| field.column.clone());
            Detail::new(column.unwrap_or(detail.at), detail.says)
        };
        let mut left_out = Vec::new();
        let read = self.reading.statement(entity.kind, origin, &Value::Object(data), "", &mut left_out);
        said.left_out.extend(left_out.into_iter().map(column_of));
        match read {
            Ok(statement) if problems.is_empty() => Ok(Some(statement)),
            Ok(_) => Err(problems),
            Err(details) => {
                problems.extend(details.into_iter().map(column_of));
                Err(problems)
            }
        }
    }

    fn value(&self, field: &Field, row: &impl Row, shifts: bool) -> Result<Option<Value>, &'static str> {
        if let Some(constant) = &field.constant {
            return Ok(Some(constant.clone()));
        }
        let text = field.column.as_ref().and_then(|column| row.text(column));
        let Some(text) = text else { return Ok(field.default.clone()) };
        if let Some(values) = &field.values {
            let value = values.get(text).or(field.default.as_ref());
            return value.cloned().map(Some).ok_or("is none of the values that the mapping knows");
        }
        self.shaped(field, text, row, shifts).map(Some)
    }

    fn shaped(&self, field: &Field, text: &str, row: &impl Row, shifts: bool) -> Result<Value, &'static str> {
        let shift = if shifts { self.shift_days } else { 0 };
        Ok(match field.shape {
            Shape::Text => json!(text),
            Shape::Id => json!(whole_digits(text).ok_or("must be an id without a fraction")?),
            Shape::Number => json!(text.parse::<i64>().map_err(|_| "must be a whole number")?),
            Shape::Flag => json!(flag(text).ok_or("must be yes or no")?),
            Shape::List => {
                let words = text.split(['|', ';']).map(str::trim).filter(|word| !word.is_empty());
                json!(words.collect::<Vec<_>>())
            }
            Shape::Age => {
                let age: u16 = text.parse().map_err(|_| "must be an age in years")?;
                if age > 130 {
                    return Err("must be an age in years");
                }
                let on = match field.on.as_ref().map(|column| row.text(column)) {
                    Some(Some(text)) => day(text, None).ok_or("the day on which the age held is no day")?,
                    _ => self.reading.today,
                };
                json!(back(on, age).ok_or("must be an age in years")?.to_string())
            }
            Shape::Date | Shape::DateTime => {
                let when = Self::when(field, text).ok_or("is not a date as the mapping describes it")?;
                self.dated(field, when, row, shift)?
            }
        })
    }

    fn when(field: &Field, text: &str) -> Option<Read> {
        if field.shape == Shape::Date {
            return day(text, field.pattern.as_deref()).map(Read::Day);
        }
        let read = match &field.pattern {
            Some(pattern) => {
                let read = strtime::parse(pattern, text).ok()?;
                match read.to_timestamp() {
                    Ok(at) if !field.wall => When::At(at),
                    _ => When::Wall(read.to_datetime().ok()?),
                }
            }
            None => When::read(&text.replacen(' ', "T", 1))?,
        };
        Some(match read {
            When::At(at) if field.wall => {
                // What stands there is the clock on the wall; the offset was put there by a program. Civil times
                // pass over an offset in numbers, not over a `Z`.
                let plain = text.replacen(' ', "T", 1);
                let plain = plain.trim_end_matches(['Z', 'z']).parse();
                Read::Wall(plain.unwrap_or_else(|_| Zone::utc().wall(at)))
            }
            When::At(at) => Read::At(at),
            When::Wall(wall) => Read::Wall(wall),
        })
    }

    fn dated(&self, field: &Field, when: Read, row: &impl Row, shift: i32) -> Result<Value, &'static str> {
        const FAR: &str = "lies too far away";
        let days = Span::new().try_days(shift).map_err(|_| FAR)?;
        let zone = self.mapping.zone.as_ref();
        let on_wall = |wall: DateTime| match zone {
            Some(zone) => zone.instant(wall).to_string(),
            None => wall.to_string(),
        };
        Ok(match when {
            Read::Day(day) => {
                let day = day.checked_add(days).map_err(|_| FAR)?;
                if let Some(spread) = &field.spread {
                    let key = row.text(&spread.by).ok_or("the column that chooses the slot is empty")?;
                    let slot = steady(key) % (spread.slots() * u64::from(spread.days)).max(1);
                    let (later, slot) = (slot / spread.slots().max(1), slot % spread.slots().max(1));
                    let later = i64::try_from(later).unwrap_or(0);
                    let minutes = i64::try_from(slot).unwrap_or(0) * i64::from(spread.minutes);
                    let day = day.checked_add(Span::new().days(later)).map_err(|_| FAR)?;
                    let wall = day.to_datetime(spread.from).checked_add(Span::new().minutes(minutes));
                    json!(on_wall(wall.map_err(|_| FAR)?))
                } else if let Some(at) = field.at {
                    json!(on_wall(day.to_datetime(at)))
                } else {
                    json!(day.to_string())
                }
            }
            Read::Wall(wall) => json!(on_wall(wall.checked_add(days).map_err(|_| FAR)?)),
            Read::At(at) => {
                // A day more is a day on the clock of the place, whatever its length.
                let zone = zone.unwrap_or(&self.zone);
                let at = if shift == 0 {
                    at
                } else {
                    zone.instant(zone.wall(at).checked_add(days).map_err(|_| FAR)?)
                };
                json!(at.to_string())
            }
        })
    }
}

#[derive(Clone, Copy)]
enum Read {
    Day(Date),
    Wall(DateTime),
    At(Timestamp),
}

/// The day in a text: all of it, or what stands before its time.
fn day(text: &str, pattern: Option<&str>) -> Option<Date> {
    match pattern {
        Some(pattern) => strtime::parse(pattern, text).ok()?.to_date().ok(),
        None => text.split(['T', ' ']).next()?.parse().ok(),
    }
}

fn back(on: Date, years: u16) -> Option<Date> {
    on.checked_sub(Span::new().years(i32::from(years))).ok()
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "y" | "t" => Some(true),
        "0" | "false" | "no" | "n" | "f" => Some(false),
        _ => None,
    }
}

/// An id that may have been printed as a number: `2.98725E+13` is `29872500000000`, `17.0` is `17`. Text that is
/// no number is the id itself.
fn whole_digits(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) => (mantissa, exponent),
            Err(_) => return Some(text.to_owned()),
        },
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !is_number || !text.contains(['.', 'e', 'E']) {
        return Some(text.to_owned());
    }
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let digits = format!("{whole}{fraction}");
    let kept = usize::try_from(point).ok().filter(|kept| (1..=40).contains(kept))?;
    let (kept_digits, rest) = digits.split_at(kept.min(digits.len()));
    if rest.bytes().any(|b| b != b'0') {
        return None;
    }
    let padded = format!("{kept_digits:0<kept$}");
    let plain = padded.trim_start_matches('0');
    Some(if plain.is_empty() { "0".to_owned() } else { plain.to_owned() })
}

/// A number that is always the same for the same text (FNV-1a); digits alone stand for themselves, so that rows
/// with consecutive ids get consecutive slots.
fn steady(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| {
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2.98725E+13", Some("29872500000000"))]
    #[case("5.58998E+14", Some("558998000000000"))]
    #[case("8.67951E+11", Some("867951000000"))]
    #[case("1e3", Some("1000"))]
    #[case("17.0", Some("17"))]
    #[case("0.0", Some("0"))]
    #[case("99948393975", Some("99948393975"))]
    #[case("007", Some("007"))]
    #[case("A-17", Some("A-17"))]
    #[case("1.5", None)]
    #[case("1.5E0", None)]
    #[case("1E99", None)]
    fn ids_printed_as_numbers_become_digits(#[case] text: &str, #[case] id: Option<&str>) {
        assert_eq!(whole_digits(text).as_deref(), id);
    }

    proptest! {
        #[test]
        fn any_text_is_an_id_or_none(text in "\\PC{0,30}") {
            let _ = whole_digits(&text);
        }

        #[test]
        fn a_number_in_scientific_form_is_the_number(mantissa in 100_000u64..999_999, exponent in 5i32..14) {
            let text = format!("{}.{:05}E+{exponent}", mantissa / 100_000, mantissa % 100_000);
            let number = u128::from(mantissa) * 10u128.pow(u32::try_from(exponent - 5).unwrap());
            prop_assert_eq!(whole_digits(&text), Some(number.to_string()));
        }
    }

    #[rstest]
    #[case("2016-04-29T18:38:08Z")]
    #[case("2016-04-29 18:38:08-03:00")]
    #[case("2016-04-29T18:38:08+02:00")]
    fn an_offset_that_is_not_meant_is_passed_over(#[case] text: &str) {
        let field = Field { shape: Shape::DateTime, wall: true, ..Field::default() };
        let Some(Read::Wall(wall)) = Converter::when(&field, text) else { panic!("{text}") };
        assert_eq!(wall.to_string(), "2016-04-29T18:38:08");
    }

    #[test]
    fn days_are_read_from_times_and_patterns() {
        let date = Some("2016-04-29".parse().unwrap());
        assert_eq!(day("2016-04-29T00:00:00Z", None), date);
        assert_eq!(day("2016-04-29 10:00", None), date);
        assert_eq!(day("04/29/2016", Some("%m/%d/%Y")), date);
        assert_eq!(day("04/29/2016", None), None);
    }
}
