//! Rows out of a file, one after the other, from any place where a row begins.

use std::collections::HashMap;

use kernel::Detail;
use platform::{Files, PlatformFault};
use serde_json::Value;

use super::{convert, import::Format};

/// The most bytes of a row.
pub(crate) const LONGEST_ROW: usize = 64 * 1024;
/// How much is fetched at once.
const FETCH: u64 = 1024 * 1024;

/// What stands in a file, seen through a window that moves on.
pub(crate) struct Window<'a> {
    files: &'a dyn Files,
    key: String,
    size: u64,
    /// Where in the file the bytes begin.
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    pub(crate) fn new(files: &'a dyn Files, key: String, size: u64, at: u64) -> Self {
        Self { files, key, size, start: at, bytes: Vec::new() }
    }

    /// The bytes from `at` on, enough for the longest row, or all there are.
    async fn at(&mut self, at: u64) -> Result<(&[u8], bool), PlatformFault> {
        let wanted = (self.size.saturating_sub(at)).min(LONGEST_ROW as u64 + 2);
        let have = (self.start + self.bytes.len() as u64).saturating_sub(at);
        if at < self.start || have < wanted {
            self.bytes = self.files.read(&self.key, at, FETCH).await?.to_vec();
            self.start = at;
        }
        let skip = usize::try_from(at - self.start).unwrap_or(usize::MAX).min(self.bytes.len());
        let ends = self.start + self.bytes.len() as u64 >= self.size;
        Ok((&self.bytes[skip..], ends))
    }
}

/// One row, or what is wrong with it.
pub(crate) struct Read {
    pub(crate) row: Result<Texts, Vec<Detail>>,
    /// Where the next row begins.
    pub(crate) next: u64,
}

/// The texts of a row by column.
#[derive(Debug)]
pub(crate) struct Texts(HashMap<String, String>);

impl convert::Row for Texts {
    fn text(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

fn wrong(at: &str, says: &str) -> Vec<Detail> {
    vec![Detail::new(at, says)]
}

/// How rows of a format are told apart and taken apart.
pub(crate) struct Rows<'a> {
    pub(crate) format: Format,
    pub(crate) delimiter: u8,
    pub(crate) columns: &'a [String],
}

/// The length of the mark that some programs put before UTF-8.
fn mark(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Where the line that begins the bytes ends, its end included; all of them if it does not end.
fn line(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1)
}

/// Where the record that begins the bytes ends, line ends within quotes apart. `None` if it does not end.
fn record(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let (mut quoted, mut begins) = (false, true);
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' if quoted && bytes.get(at + 1) == Some(&b'"') => at += 1,
            b'"' if quoted => quoted = false,
            // A quote within a field that does not begin with one is an ordinary sign.
            b'"' if begins => quoted = true,
            b'\n' if !quoted => return Some(at + 1),
            _ => {}
        }
        begins = !quoted && (bytes[at] == delimiter || bytes[at] == b'\n');
        at += 1;
    }
    None
}

impl Rows<'_> {
    /// The row at `at`, blank lines passed over; `None` at the end of the file.
    pub(crate) async fn next(&self, window: &mut Window<'_>, at: u64) -> Result<Option<Read>, PlatformFault> {
        let mut at = at;
        loop {
            let (bytes, ends) = window.at(at).await?;
            let begin = if at == 0 { mark(bytes) } else { 0 };
            let rest = &bytes[begin..];
            if rest.is_empty() {
                return Ok(None);
            }
            let end = match self.format {
                Format::Ndjson => Some(line(rest)).filter(|end| ends || rest[..*end].ends_with(b"\n")),
                Format::Csv => record(rest, self.delimiter),
            };
            let (end, whole) = match end {
                Some(end) => (end, end <= LONGEST_ROW),
                None if ends && rest.len() <= LONGEST_ROW => (rest.len(), true),
                None => (rest.len(), false),
            };
            if !whole {
                // Most often a quote that nobody closed: the next line is the best guess at the next row.
                let next = at + (begin + line(rest)) as u64;
                let says = "the row is longer than 64 KB, or a quote in it is not closed";
                return Ok(Some(Read { row: Err(wrong("row", says)), next }));
            }
            let next = at + (begin + end) as u64;
            let row = &rest[..end];
            if row.iter().all(u8::is_ascii_whitespace) {
                at = next;
                continue;
            }
            let row = match self.format {
                Format::Csv => self.csv(row),
                Format::Ndjson => ndjson(row),
            };
            return Ok(Some(Read { row, next }));
        }
    }

    fn csv(&self, row: &[u8]) -> Result<Texts, Vec<Detail>> {
        let fields = fields(row, self.delimiter)?;
        if fields.len() != self.columns.len() {
            let says = format!("has {} columns where the header has {}", fields.len(), self.columns.len());
            return Err(vec![Detail::new("row", says)]);
        }
        let mut texts = HashMap::with_capacity(fields.len());
        for (column, field) in self.columns.iter().zip(fields) {
            let text = String::from_utf8(field).map_err(|_| wrong(column, "is not UTF-8"))?;
            texts.insert(column.clone(), text);
        }
        Ok(Texts(texts))
    }
}

fn fields(row: &[u8], delimiter: u8) -> Result<Vec<Vec<u8>>, Vec<Detail>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(row);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => Ok(record.iter().map(<[u8]>::to_vec).collect()),
        _ => Err(wrong("row", "is not separated values")),
    }
}

fn ndjson(row: &[u8]) -> Result<Texts, Vec<Detail>> {
    let value: Value = serde_json::from_slice(row).map_err(|error| {
        vec![Detail::new("row", format!("is not JSON (sign {} of the line)", error.column()))]
    })?;
    let Value::Object(fields) = value else { return Err(wrong("row", "must be a JSON object")) };
    let mut texts = HashMap::with_capacity(fields.len());
    for (column, value) in fields {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err(wrong(&column, "must be a text, a number or a truth value"));
            }
        };
        texts.insert(column, text);
    }
    Ok(Texts(texts))
}

/// The columns of a header and where the first row begins.
pub(crate) async fn header(
    window: &mut Window<'_>,
    delimiter: u8,
) -> Result<Result<(Vec<String>, u64), Vec<Detail>>, PlatformFault> {
    let (bytes, ends) = window.at(0).await?;
    let begin = mark(bytes);
    let rest = &bytes[begin..];
    let end = record(rest, delimiter).or_else(|| ends.then_some(rest.len()));
    let Some(end) = end.filter(|end| (1..=LONGEST_ROW).contains(end)) else {
        return Ok(Err(wrong("header", "the file has no header of at most 64 KB")));
    };
    if rest[..end].contains(&0) {
        return Ok(Err(wrong("header", "the file is not UTF-8 text")));
    }
    let fields = match fields(&rest[..end], delimiter) {
        Ok(fields) => fields,
        Err(details) => return Ok(Err(details)),
    };
    let names: Result<Vec<String>, _> = fields.into_iter().map(String::from_utf8).collect();
    let Ok(names) = names else { return Ok(Err(wrong("header", "the file is not UTF-8 text"))) };
    let names: Vec<String> = names.into_iter().map(|name| name.trim().to_owned()).collect();
    let mut problems = Vec::new();
    if names.len() > 300 {
        problems.push(Detail::new("header", "has more than 300 columns"));
    }
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            problems.push(Detail::new("header", format!("column {} has no name", index + 1)));
        } else if names[..index].contains(name) {
            problems.push(Detail::new(name.clone(), "stands twice in the header"));
        }
    }
    Ok(if problems.is_empty() { Ok((names, (begin + end) as u64)) } else { Err(problems) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"a,b\nc", Some(4))]
    #[case(b"a,\"b\nc\"\r\nd", Some(9))]
    #[case(b"a,\"b\"\"\n\"\nd", Some(9))]
    #[case(b"5\" pipe,b\nc", Some(10))]
    #[case(b"a,\"b\nc", None)]
    #[case(b"", None)]
    fn records_end_at_the_first_line_end_outside_of_quotes(#[case] bytes: &[u8], #[case] end: Option<usize>) {
        assert_eq!(record(bytes, b','), end);
    }

    proptest! {
        #[test]
        fn records_are_told_apart_as_the_csv_crate_writes_them(
            rows in proptest::collection::vec(proptest::collection::vec("[a-z,\"\n\r é]{0,6}", 2), 1..6)
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let (mut at, mut found) = (0, Vec::new());
            while let Some(end) = record(&bytes[at..], b',') {
                let read = fields(&bytes[at..at + end], b',').unwrap();
                found.push(read.into_iter().map(|field| String::from_utf8(field).unwrap()).collect::<Vec<_>>());
                at += end;
            }
            prop_assert_eq!(at, bytes.len());
            prop_assert_eq!(found, rows);
        }
    }
}
