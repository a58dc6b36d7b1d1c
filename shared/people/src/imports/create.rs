//! Asking for an import.

use audit::Actor;
use bytes::Bytes;
use kernel::{Detail, ImportId, Timestamp};
use platform::{Platform, Upload};
use serde_json::Value;
use table::{ClinicTable, keys::ImportKey};

use super::{
    import::{Format, Import, ImportFault, State, Totals},
    mapping::Mapping,
};
use crate::mirror::Desk;

/// The most bytes of a file: 50 MB.
pub(crate) const LARGEST: u64 = 50 * 1024 * 1024;

/// What an import is asked to do.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// What whoever asks calls it.
    pub name: String,
    /// Which columns mean what.
    pub mapping: Value,
    /// The form of the file.
    pub format: Format,
    /// How many bytes it has.
    pub bytes: u64,
    /// As of when it tells what it tells; now, if not said.
    pub as_of: Option<Timestamp>,
    /// Days added to the dates of appointments, instead of what the mapping says.
    pub shift_days: Option<i32>,
}

/// An import that was asked for, and how to send its file.
#[derive(Debug, Clone)]
pub struct Created {
    /// The import.
    pub import: Import,
    /// Where the file goes.
    pub upload: Upload,
}

/// Asks for an import. The file is sent next, then it is read on trial with [`super::check`]. Asked for again
/// under the same id it gives the first one, with a new address to send the file to.
pub async fn create(
    platform: &Platform,
    table: &ClinicTable,
    actor: &Actor,
    id: ImportId,
    new: NewImport,
) -> Result<Created, ImportFault> {
    let desk = Desk::open(table).await?;
    let now = platform.clock.now();
    let mut wrong = Vec::new();
    let name = new.name.trim().to_owned();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        wrong.push(Detail::new("/name", "must be a text of 1 to 100 characters"));
    }
    if !(1..=LARGEST).contains(&new.bytes) {
        wrong.push(Detail::new("/bytes", "a file has 1 byte to 50 MB"));
    }
    if new.as_of.is_some_and(|as_of| as_of > now) {
        wrong.push(Detail::new("/as_of", "lies in the future"));
    }
    if new.shift_days.is_some_and(|days| days.abs() > 36_500) {
        wrong.push(Detail::new("/shift_days", "is more than a hundred years"));
    }
    let mapping = match Mapping::read(&new.mapping, &desk.reading("mapping")) {
        Ok(mapping) => mapping,
        Err(details) => {
            wrong.extend(details);
            return Err(ImportFault::Invalid(wrong));
        }
    };
    if !wrong.is_empty() {
        return Err(ImportFault::Invalid(wrong));
    }
    let import = Import {
        id,
        name,
        source: mapping.source.clone(),
        format: new.format,
        bytes: new.bytes,
        as_of: new.as_of.unwrap_or(now),
        shift_days: new.shift_days.unwrap_or(mapping.shift_days),
        state: State::Uploading,
        offset: 0,
        first_row: 0,
        columns: Vec::new(),
        step: 0,
        dry_run: Totals::default(),
        totals: Totals::default(),
        failure: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    let text = Bytes::from(new.mapping.to_string());
    platform.files.put(&import.mapping_file(table), text).await?;
    let upload = platform.files.upload(&import.file(table), new.bytes).await?;
    let mut write = table.write();
    write.create(&import).create(&actor.did("import.created").on("import", import.id).entry(table));
    match write.commit().await {
        Err(fault) if fault.is_conflict() => {
            let import = table.get::<Import>(&ImportKey { import: id }).await?;
            let import = import.ok_or(ImportFault::NotFound(id))?.into_value();
            Ok(Created { import, upload })
        }
        done => {
            done?;
            Ok(Created { import, upload })
        }
    }
}
