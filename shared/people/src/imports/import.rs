//! A run of an import: where it stands and what it counted.

use kernel::{Cursor, Detail, Fault, ImportId, Kind, Limit, Page, Timestamp};
use platform::PlatformFault;
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Entity, Kept, TableFault, WriteFault,
    keys::{ImportKey, ImportsByTime, Place},
};

use crate::mirror::{DeskFault, Effect, Kind as Mirrored};

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Format {
    /// Comma separated values with a header (RFC 4180); a mapping may name another separator.
    Csv,
    /// One JSON object per line.
    Ndjson,
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// The file is awaited.
    Uploading,
    /// It is read on trial: nothing changes but the findings.
    DryRun,
    /// The trial is over, and somebody may let it run.
    Ready,
    /// It is taken in.
    Running,
    /// All rows were seen.
    Done,
    /// Somebody stopped it; what was taken in stays.
    Cancelled,
    /// The file cannot be read.
    Failed,
}

impl State {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uploading => "UPLOADING",
            Self::DryRun => "DRY_RUN",
            Self::Ready => "READY",
            Self::Running => "RUNNING",
            Self::Done => "DONE",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether somebody works at it.
    pub fn is_working(self) -> bool {
        matches!(self, Self::DryRun | Self::Running)
    }
}

/// What became of the things of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// New.
    pub created: u64,
    /// Changed.
    pub updated: u64,
    /// Known as they are.
    pub unchanged: u64,
    /// Older than what is known, and ignored.
    pub older: u64,
}

/// What a pass over the file counted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Rows seen.
    pub rows: u64,
    /// Rows of which nothing was taken, each with a finding.
    pub refused: u64,
    /// Rows taken with something left out, each with a finding.
    pub warned: u64,
    /// Persons nobody can reach, each with a finding.
    pub unreachable: u64,
    /// Ids that were printed as rounded numbers: several of the source may have become one.
    pub rounded_ids: u64,
    /// Persons.
    pub persons: Counts,
    /// Appointments.
    pub appointments: Counts,
    /// Members of staff and places.
    pub others: Counts,
}

impl Totals {
    pub(crate) fn count(&mut self, kind: Mirrored, effect: Effect) {
        let counts = match kind {
            Mirrored::Person => &mut self.persons,
            Mirrored::Appointment => &mut self.appointments,
            _ => &mut self.others,
        };
        match effect {
            Effect::Created => counts.created += 1,
            Effect::Updated => counts.updated += 1,
            Effect::Unchanged | Effect::Same => counts.unchanged += 1,
            Effect::Older => counts.older += 1,
        }
    }
}

/// A run of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The id.
    pub id: ImportId,
    /// What whoever asked for it calls it.
    pub name: String,
    /// Which system the file is from.
    pub source: String,
    /// Its form.
    pub format: Format,
    /// How many bytes the file has.
    pub bytes: u64,
    /// As of when the file tells what it tells; older than what is known already counts for nothing.
    pub as_of: Timestamp,
    /// Days added to the dates of appointments.
    pub shift_days: i32,
    /// Where it stands.
    pub state: State,
    /// Where in the file the next row begins, in bytes.
    pub offset: u64,
    /// Where the first row begins.
    pub first_row: u64,
    /// The columns, of a file that has a header.
    pub columns: Vec<String>,
    /// Counts the stretches it is worked off in; a job of another stretch is not for now.
    pub step: u32,
    /// What the trial counted.
    pub dry_run: Totals,
    /// What the run counted.
    pub totals: Totals,
    /// Why it failed.
    #[serde(default)]
    pub failure: Vec<Problem>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last went on.
    pub updated_at: Timestamp,
}

/// A fault of the file as a whole or of one of its rows, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The column, or a pointer where there is none.
    pub at: String,
    /// What is wrong.
    pub says: String,
}

impl From<Detail> for Problem {
    fn from(detail: Detail) -> Self {
        Self { at: detail.at, says: detail.says }
    }
}

impl Import {
    /// The key of its file.
    pub fn file(&self, table: &ClinicTable) -> String {
        let ending = match self.format {
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
        };
        format!("imports/{}/{}.{ending}", table.clinic(), self.id)
    }

    /// The key of its mapping.
    pub(crate) fn mapping_file(&self, table: &ClinicTable) -> String {
        format!("imports/{}/{}.mapping.json", table.clinic(), self.id)
    }

    /// What the pass that is under way counts.
    pub(crate) fn counting(&mut self) -> &mut Totals {
        if self.state == State::DryRun { &mut self.dry_run } else { &mut self.totals }
    }
}

/// How many days an import awaits its file; the address to send it to holds for minutes.
const AWAITED_DAYS: i64 = 7;

impl Entity for Import {
    type Key = ImportKey;

    fn key(&self) -> ImportKey {
        ImportKey { import: self.id }
    }

    fn listed(&self) -> Option<Place> {
        Some(ImportsByTime { at: self.created_at, import: self.id }.into())
    }

    /// One whose file never came is forgotten.
    fn expires(&self) -> Option<Timestamp> {
        let days = jiff::SignedDuration::from_hours(24 * AWAITED_DAYS);
        (self.state == State::Uploading).then(|| self.created_at.checked_add(days).ok()).flatten()
    }
}

/// Why something could not be done with an import.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// There is none, or it belongs to another clinic.
    #[error("there is no import {0}")]
    NotFound(ImportId),
    /// What was sent cannot be an import.
    #[error("the import has {} faults", .0.len())]
    Invalid(Vec<Detail>),
    /// Its state does not allow it.
    #[error("import {id} is {}", state.name())]
    State {
        /// Which.
        id: ImportId,
        /// How it stands.
        state: State,
    },
    /// The file has not arrived, or has another length than was said.
    #[error("the file of import {0} has not arrived whole")]
    FileMissing(ImportId),
    /// The clinic.
    #[error(transparent)]
    Desk(#[from] DeskFault),
    /// Files or queues.
    #[error(transparent)]
    Platform(#[from] PlatformFault),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for ImportFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for ImportFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Invalid(_) => Kind::Invalid,
            Self::State { .. } | Self::FileMissing(_) => Kind::Conflict,
            Self::Desk(fault) => fault.kind(),
            Self::Platform(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "import_not_found",
            Self::Invalid(_) => "import_invalid",
            Self::State { .. } => "import_state",
            Self::FileMissing(_) => "import_file_missing",
            Self::Desk(fault) => fault.code(),
            Self::Platform(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
        }
    }
    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Invalid(details) => details.clone(),
            Self::Write(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}

/// An import as it stands.
pub async fn get(table: &ClinicTable, id: ImportId) -> Result<Kept<Import>, ImportFault> {
    table.get(&ImportKey { import: id }).await?.ok_or(ImportFault::NotFound(id))
}

/// The imports of the clinic, the latest first.
pub async fn list(
    table: &ClinicTable,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Import>>, TableFault> {
    table.list(&ImportsByTime::all().backwards(), limit, after).await
}
