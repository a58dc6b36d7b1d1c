//! Where a mirrored thing comes from, and which of two statements about it is the newer one.

use kernel::{Id, Timestamp};
use serde::{Deserialize, Serialize};
use table::ClinicTable;

/// The system that is master of a thing, the thing's id there, and how new our picture of it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The name of the source system, such as `open-dental`.
    pub source: String,
    /// The id over there.
    pub id: String,
    /// The version over there, if it counts versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// When it was changed over there.
    pub updated_at: Timestamp,
    /// As of when we know where it stands: whether a visit is confirmed or over, whether a person is alive.
    /// News of an earlier time still count for what the thing is, though not for where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing_at: Option<Timestamp>,
}

/// How a statement stands to what is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Age {
    /// It tells something later.
    Newer,
    /// It was told before.
    Same,
    /// Something later was told before.
    Older,
}

impl Origin {
    /// A thing of a source, as of a change over there.
    pub fn new(source: &str, id: &str, version: Option<u64>, updated_at: Timestamp) -> Self {
        Self { source: source.to_owned(), id: id.to_owned(), version, updated_at, standing_at: None }
    }

    /// How `other` stands to this. Versions decide where both have one, else the time of the change.
    pub fn age_of(&self, other: &Self) -> Age {
        let order = match (self.version, other.version) {
            (Some(known), Some(told)) => told.cmp(&known),
            _ => other.updated_at.cmp(&self.updated_at),
        };
        match order {
            std::cmp::Ordering::Greater => Age::Newer,
            std::cmp::Ordering::Equal => Age::Same,
            std::cmp::Ordering::Less => Age::Older,
        }
    }
}

/// Our id of a thing of a source system: the same for the same source and id, so that a statement about it
/// needs no look-up.
pub fn mirrored<I: Id>(clinic: &ClinicTable, source: &str, id: &str) -> I {
    I::derived(&[&clinic.clinic().to_string(), source, id])
}

/// Checks the name of a source system: 1 to 40 of `a-z`, `0-9`, `-`, `_` and `.`.
pub fn is_source(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
}

/// Checks an id of a source system: 1 to 120 characters, none of them a control character.
pub fn is_source_id(id: &str) -> bool {
    (1..=120).contains(&id.chars().count()) && !id.chars().any(char::is_control) && id.trim() == id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(version: Option<u64>, updated_at: &str) -> Origin {
        Origin::new("pms", "1", version, updated_at.parse().unwrap())
    }

    #[test]
    fn versions_decide_before_times() {
        let known = origin(Some(5), "2026-05-01T10:00:00Z");
        assert_eq!(known.age_of(&origin(Some(6), "2026-05-01T09:00:00Z")), Age::Newer);
        assert_eq!(known.age_of(&origin(Some(5), "2026-05-01T11:00:00Z")), Age::Same);
        assert_eq!(known.age_of(&origin(Some(4), "2026-05-01T11:00:00Z")), Age::Older);
        assert_eq!(known.age_of(&origin(None, "2026-05-01T11:00:00Z")), Age::Newer);
        assert_eq!(known.age_of(&origin(None, "2026-05-01T09:59:59Z")), Age::Older);
    }

    #[test]
    fn sources_and_their_ids_have_a_form() {
        assert!(is_source("open-dental") && !is_source("Open Dental") && !is_source(""));
        assert!(is_source_id("29872500000000") && !is_source_id(" 1") && !is_source_id("a\nb"));
    }
}
