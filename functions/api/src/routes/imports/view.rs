//! An import as it is shown.

use kernel::{ImportId, Timestamp};
use people::imports::{Counts, Format, Import, Totals};
use serde::Serialize;
use utoipa::ToSchema;

/// A run of an import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "imp_01m8cz00000000000000000000",
    "name": "Schedule of November",
    "source": "pms",
    "format": "CSV",
    "bytes": 184_320,
    "state": "READY",
    "as_of": "2026-11-22T15:00:00Z",
    "shift_days": 0,
    "bytes_read": 184_320,
    "dry_run": {
        "rows": 1500, "refused": 3, "warned": 2, "unreachable": 40, "rounded_ids": 0,
        "persons": { "created": 1490, "updated": 0, "unchanged": 7, "older": 0 },
        "appointments": { "created": 1497, "updated": 0, "unchanged": 0, "older": 0 },
        "others": { "created": 0, "updated": 0, "unchanged": 0, "older": 0 }
    },
    "totals": {
        "rows": 0, "refused": 0, "warned": 0, "unreachable": 0, "rounded_ids": 0,
        "persons": { "created": 0, "updated": 0, "unchanged": 0, "older": 0 },
        "appointments": { "created": 0, "updated": 0, "unchanged": 0, "older": 0 },
        "others": { "created": 0, "updated": 0, "unchanged": 0, "older": 0 }
    },
    "failure": [],
    "created_at": "2026-11-22T15:00:00Z",
    "updated_at": "2026-11-22T15:00:09Z"
}))]
pub(super) struct ImportView {
    #[schema(value_type = String)]
    id: ImportId,
    name: String,
    /// The system the file is from.
    source: String,
    /// `CSV` or `NDJSON`.
    #[schema(value_type = String)]
    format: Format,
    /// How many bytes the file has.
    bytes: u64,
    /// `UPLOADING` (the file is awaited), `DRY_RUN`, `READY`, `RUNNING`, `DONE`, `CANCELLED` or `FAILED`.
    state: &'static str,
    /// As of when the file tells what it tells.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// Days added to the dates of appointments.
    shift_days: i32,
    /// How far the file was read by the pass under way, or by the last one.
    bytes_read: u64,
    /// What the trial counted.
    dry_run: TotalsView,
    /// What the run counted.
    totals: TotalsView,
    /// Why it failed.
    failure: Vec<FaultView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What a pass over the file counted.
#[derive(Debug, Serialize, ToSchema)]
struct TotalsView {
    rows: u64,
    /// Rows of which nothing was taken.
    refused: u64,
    /// Rows taken with something left out.
    warned: u64,
    /// Persons nobody can reach.
    unreachable: u64,
    /// Ids that were printed as rounded numbers.
    rounded_ids: u64,
    persons: CountsView,
    appointments: CountsView,
    /// Members of the staff and places.
    others: CountsView,
}

/// What became of the things of one kind.
#[derive(Debug, Serialize, ToSchema)]
struct CountsView {
    created: u64,
    updated: u64,
    unchanged: u64,
    /// Older than what is known, and ignored.
    older: u64,
}

/// A fault of the file or of one of its rows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FaultView {
    /// The column.
    pub(super) at: String,
    /// What is wrong.
    pub(super) says: String,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        let Counts { created, updated, unchanged, older } = counts;
        Self { created, updated, unchanged, older }
    }
}

impl From<Totals> for TotalsView {
    fn from(totals: Totals) -> Self {
        Self {
            rows: totals.rows,
            refused: totals.refused,
            warned: totals.warned,
            unreachable: totals.unreachable,
            rounded_ids: totals.rounded_ids,
            persons: totals.persons.into(),
            appointments: totals.appointments.into(),
            others: totals.others.into(),
        }
    }
}

impl From<Import> for ImportView {
    fn from(import: Import) -> Self {
        Self {
            id: import.id,
            name: import.name,
            source: import.source,
            format: import.format,
            bytes: import.bytes,
            state: import.state.name(),
            as_of: import.as_of,
            shift_days: import.shift_days,
            bytes_read: import.offset,
            dry_run: import.dry_run.into(),
            totals: import.totals.into(),
            failure: import.failure.into_iter().map(|p| FaultView { at: p.at, says: p.says }).collect(),
            created_at: import.created_at,
            updated_at: import.updated_at,
        }
    }
}
