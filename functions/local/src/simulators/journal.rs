//! Keeps the facts: a file that only grows, one JSON object per line.
//!
//! Each line is one `write` to a file opened for appending, so a killed process leaves whole lines and at most
//! one torn one at the end, which the next start cuts off. What was written is in the kernel's hands; a kill
//! does not lose it, and a power cut on a developer's machine is not worth an fsync per fact.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::fact::Line;

/// Where facts are kept.
#[derive(Debug)]
pub(super) struct Journal(Option<File>);

impl Journal {
    /// Keeps nothing beyond the life of the process.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Opens `dir/journal.ndjson`, made if absent, and reads what it holds.
    pub(super) fn open(dir: &Path) -> io::Result<(Self, Vec<Line>)> {
        std::fs::create_dir_all(dir)?;
        let path = dir.join("journal.ndjson");
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path)?;
        let mut held = Vec::new();
        file.read_to_end(&mut held)?;
        let whole = held.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < held.len() {
            tracing::warn!(
                bytes = held.len() - whole,
                "the last line of the journal was torn; it is cut off"
            );
            file.set_len(whole as u64)?;
            file.seek(io::SeekFrom::End(0))?;
        }
        let mut lines = Vec::new();
        for (index, line) in held[..whole].split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let line = serde_json::from_slice(line).map_err(|error| {
                let place = format!("{}, line {}: {error}", path.display(), index + 1);
                io::Error::new(io::ErrorKind::InvalidData, place)
            })?;
            lines.push(line);
        }
        Ok((Self(Some(file)), lines))
    }

    /// Adds a fact.
    pub(super) fn append(&mut self, line: &Line) -> io::Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        file.write_all(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulators::fact::Fact;

    fn line(n: u64) -> Line {
        let phone = "+12125550123".parse().unwrap();
        let fact = Fact::OptedOut { phone, ours: "+15005550006".to_owned() };
        Line { n, at: "2026-11-22T08:00:00Z".parse().unwrap(), fact }
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_whole_ones_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, lines) = Journal::open(dir.path()).unwrap();
        assert!(lines.is_empty());
        journal.append(&line(1)).unwrap();
        journal.append(&line(2)).unwrap();
        let path = dir.path().join("journal.ndjson");
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"n\":3,\"at\"").unwrap();

        let (mut journal, lines) = Journal::open(dir.path()).unwrap();
        assert_eq!(lines.iter().map(|line| line.n).collect::<Vec<_>>(), [1, 2]);
        journal.append(&line(3)).unwrap();
        assert_eq!(Journal::open(dir.path()).unwrap().1.len(), 3);
    }

    #[test]
    fn a_broken_line_in_the_middle_names_its_place() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("journal.ndjson"), "{}\n").unwrap();
        assert!(Journal::open(dir.path()).unwrap_err().to_string().contains("journal.ndjson, line 1"));
    }
}
