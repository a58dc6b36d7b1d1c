//! What was found in single rows.

use kernel::{Cursor, ImportId, Limit, Page, PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Entity, Kept, TableFault, keys::ImportFindingKey};

use super::import::Problem;

/// What was found in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Of which import.
    pub import: ImportId,
    /// Which row; the first after the header is 1.
    pub row: u64,
    /// Why nothing of it was taken, by column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Problem>,
    /// What was left out, by column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Problem>,
    /// The person of the row, if nobody can reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<PersonId>,
    /// Why nobody can, as a stable word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable_because: Option<String>,
    /// When it was found.
    pub at: Timestamp,
}

impl Finding {
    pub(crate) fn of(import: ImportId, row: u64, at: Timestamp) -> Self {
        let (refused, left_out) = (Vec::new(), Vec::new());
        Self { import, row, refused, left_out, unreachable: None, unreachable_because: None, at }
    }

    pub(crate) fn says_something(&self) -> bool {
        !self.refused.is_empty() || !self.left_out.is_empty() || self.unreachable.is_some()
    }
}

impl Entity for Finding {
    type Key = ImportFindingKey;

    fn key(&self) -> ImportFindingKey {
        ImportFindingKey { import: self.import, row: self.row }
    }

    fn expires(&self) -> Option<Timestamp> {
        self.at.checked_add(jiff::SignedDuration::from_hours(24 * 90)).ok()
    }
}

/// The findings of an import, by row.
pub async fn findings(
    table: &ClinicTable,
    import: ImportId,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Finding>>, TableFault> {
    table.list(&ImportFindingKey::within(import), limit, after).await
}
