//! The file as it is sent: the person's own file with columns of names and numbers, and dates to come.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Options, fictional};

/// The mapping that comes with the product.
const MEDICAL: &str = include_str!("../../../../shared/people/data/mappings/medical-appointments.json");
/// The columns that hold the fictional names and numbers.
const NAMES: &str = "Fictional name";
const NUMBERS: &str = "Fictional number";

/// How the file is to be changed.
pub(super) struct Shape<'a> {
    /// The day of the first visits.
    pub(super) first: Date,
    pub(super) today: Date,
    pub(super) options: &'a Options,
}

/// A file that can be sent, and what it means.
#[derive(Debug)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    pub(super) mapping: Value,
    pub(super) rows: u64,
    /// Days between the dates in the file and those of the visits.
    pub(super) shift_days: i32,
    /// Persons of the file, by the column of their ids.
    pub(super) persons: usize,
    /// The fictional numbers that were given out.
    pub(super) numbers: Vec<String>,
}

/// A mapping by its name or its path.
pub(super) fn mapping(name: &str) -> Result<Value, String> {
    let text = if name == "medical-appointments" {
        MEDICAL.to_owned()
    } else {
        std::fs::read_to_string(name).map_err(|error| format!("{name}: {error}"))?
    };
    serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))
}

/// What makes two runs mean the same.
pub(super) fn digest(file: &[u8], mapping: &Value, options: &Options) -> String {
    let mut sha = Sha256::new();
    sha.update(file);
    sha.update(mapping.to_string());
    sha.update([u8::from(options.with_contacts)]);
    sha.update(options.days.to_be_bytes());
    let beginning = sha.finalize().iter().take(6).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("{beginning:012x}")
}

/// The mapping without visits.
pub(super) fn people_only(mapping: &Value) -> Value {
    let mut only = mapping.clone();
    if let Some(entities) = only["entities"].as_array_mut() {
        entities.retain(|entity| entity["kind"] != "appointment");
    }
    only
}

fn entity<'a>(mapping: &'a mut Value, kind: &str) -> Result<&'a mut Value, String> {
    let entities = mapping["entities"].as_array_mut().ok_or("the mapping has no entities")?;
    entities
        .iter_mut()
        .find(|entity| entity["kind"] == kind)
        .ok_or_else(|| format!("the mapping has nothing of the kind {kind}"))
}

fn column(field: &Value) -> Option<String> {
    field["column"].as_str().map(str::to_owned)
}

/// The day that a text begins with.
fn day(text: &str) -> Option<Date> {
    text.trim().get(..10)?.parse().ok()
}

impl File {
    /// The file as it is to be sent.
    pub(super) fn of(read: &[u8], mapping: &Value, shape: &Shape<'_>) -> Result<Self, String> {
        let mut mapping = mapping.clone();
        let person = column(&entity(&mut mapping, "person")?["id"]).ok_or("persons need a column of ids")?;
        let visit = entity(&mut mapping, "appointment")?;
        let start = column(&visit["fields"]["starts_at"]).ok_or("visits need a column with their start")?;
        let booked = column(&visit["fields"]["created_at"]);
        // What became of a visit is not known before it.
        visit["fields"]["status"] = json!({ "constant": "SCHEDULED" });
        if visit["fields"]["starts_at"]["spread"].is_object() {
            visit["fields"]["starts_at"]["spread"]["days"] = json!(shape.options.days);
        }
        if shape.options.with_contacts {
            let fields = &mut entity(&mut mapping, "person")?["fields"];
            fields["text"] = json!({ "column": NUMBERS });
            // A file with names of its own keeps them.
            if fields["given_name"].is_null() {
                fields["given_name"] = json!({ "column": NAMES });
            }
        }
        let delimiter = mapping["delimiter"].as_str().and_then(|d| d.bytes().next()).unwrap_or(b',');
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(read);
        let header = reader.headers().map_err(|error| error.to_string())?.clone();
        let place = |name: &str| header.iter().position(|column| column.trim() == name);
        let need = |name: &str| place(name).ok_or_else(|| format!("the file has no column {name}"));
        let (person, start) = (need(&person)?, need(&start)?);
        let booked = booked.and_then(|name| place(&name));
        let records: Vec<csv::StringRecord> =
            reader.records().collect::<Result<_, _>>().map_err(|error| error.to_string())?;

        let earliest = records.iter().filter_map(|record| day(record.get(start)?)).min();
        let earliest = earliest.ok_or("no row has a date such as 2016-04-29 as the start of its visit")?;
        let span = shape.first.since(earliest).map_err(|error| error.to_string())?;
        let shift_days = span.get_days();

        let mut given: BTreeMap<String, (&str, Option<String>)> = BTreeMap::new();
        let mut order = Vec::new();
        let mut writer =
            csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
        let extra = shape.options.with_contacts;
        let write = |writer: &mut csv::Writer<Vec<u8>>, row: Vec<&str>| {
            writer.write_record(row).map_err(|error| error.to_string())
        };
        write(
            &mut writer,
            header.iter().chain(extra.then_some([NAMES, NUMBERS]).into_iter().flatten()).collect(),
        )?;
        for record in &records {
            let id = record.get(person).unwrap_or_default().to_owned();
            let next = given.len();
            let (name, number) = given.entry(id).or_insert_with(|| {
                let number = fictional::number(next).filter(|_| extra);
                order.extend(number.clone());
                (fictional::name(next), number)
            });
            let mut row: Vec<&str> = record.iter().collect();
            // Nobody books a visit tomorrow: what would lie ahead is left out, and counts as now.
            if let Some(booked) = booked.filter(|place| *place < row.len())
                && day(row[booked])
                    .is_some_and(|day| day.checked_add(shift_days.days()).is_ok_and(|day| day >= shape.today))
            {
                row[booked] = "";
            }
            if extra {
                row.resize(header.len(), "");
                row.extend([*name, number.as_deref().unwrap_or_default()]);
            }
            write(&mut writer, row)?;
        }
        let bytes = writer.into_inner().map_err(|error| error.to_string())?;
        let rows = records.len() as u64;
        Ok(Self { bytes, mapping, rows, shift_days, persons: given.len(), numbers: order })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "\
PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age,No-show
1,10,F,2016-04-20T18:38:08Z,2016-04-29T00:00:00Z,62,No
2,11,M,2016-04-29T08:36:51Z,2016-04-29T00:00:00Z,8,Yes
1,12,F,2016-04-21T18:38:08Z,2016-05-02T00:00:00Z,62,No
";

    fn shaped(with_contacts: bool) -> File {
        let mut options = Options::read(["a.csv".to_owned()]).unwrap();
        options.with_contacts = with_contacts;
        let (first, today) = ("2026-11-23".parse().unwrap(), "2026-11-22".parse().unwrap());
        let mapping = mapping("medical-appointments").unwrap();
        File::of(ROWS.as_bytes(), &mapping, &Shape { first, today, options: &options }).unwrap()
    }

    #[test]
    fn everybody_gets_one_number_and_the_visits_come_next() {
        let file = shaped(true);
        assert_eq!((file.rows, file.persons, file.numbers.len()), (3, 2, 2));
        let moved: Date = "2016-04-29".parse().unwrap();
        assert_eq!(moved.checked_add(file.shift_days.days()).unwrap().to_string(), "2026-11-23");
        let text = String::from_utf8(file.bytes).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with("No-show,Fictional name,Fictional number"));
        assert!(
            lines[1].ends_with(&format!("Ada,{}", file.numbers[0])) && lines[3].ends_with(&file.numbers[0])
        );
        assert!(lines[2].starts_with("2,11,M,,2016-04-29") && lines[2].ends_with(&file.numbers[1]));
        assert_eq!(file.mapping["entities"][0]["fields"]["given_name"], json!({"column": "Fictional name"}));
        let visit = &file.mapping["entities"][1]["fields"];
        assert_eq!(
            (&visit["status"], &visit["starts_at"]["spread"]["days"]),
            (&json!({"constant": "SCHEDULED"}), &json!(14))
        );
        assert_eq!(people_only(&file.mapping)["entities"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn without_contacts_nobody_gets_a_number() {
        let file = shaped(false);
        assert!(file.numbers.is_empty() && !String::from_utf8(file.bytes).unwrap().contains("555"));
        assert_eq!(file.mapping["entities"][0]["fields"]["text"], Value::Null);
    }

    #[test]
    fn a_file_of_another_form_is_refused_with_what_it_lacks() {
        let options = Options::read(["a.csv".to_owned()]).unwrap();
        let (first, today) = ("2026-11-23".parse().unwrap(), "2026-11-22".parse().unwrap());
        let shape = Shape { first, today, options: &options };
        let mapping = mapping("medical-appointments").unwrap();
        let fault = File::of(b"PatientId,When\n1,2\n", &mapping, &shape).unwrap_err();
        assert_eq!(fault, "the file has no column AppointmentDay");
        let fault = File::of(b"PatientId,AppointmentDay\n1,soon\n", &mapping, &shape).unwrap_err();
        assert!(fault.contains("2016-04-29"), "{fault}");
    }
}
