//! Letting an import go on, or stopping it.

use audit::Actor;
use kernel::{ImportId, Job};
use platform::Platform;
use table::ClinicTable;

use super::{
    import::{Import, ImportFault, State, Totals, get},
    work::ImportContinues,
};

/// Reads the file on trial, after it has arrived. Asking again while it is read changes nothing; asking again
/// when it has been read reads it again.
pub async fn check(
    platform: &Platform,
    table: &ClinicTable,
    actor: &Actor,
    id: ImportId,
) -> Result<Import, ImportFault> {
    let kept = get(table, id).await?;
    match kept.state {
        State::DryRun => return Ok(kept.into_value()),
        State::Uploading => {
            // Absent and too short look alike from here: the client sends the file again.
            let size = platform.files.size(&kept.file(table)).await;
            if !matches!(size, Ok(size) if size == kept.bytes) {
                return Err(ImportFault::FileMissing(id));
            }
        }
        State::Ready => {}
        state => return Err(ImportFault::State { id, state }),
    }
    let next = Import {
        state: State::DryRun,
        offset: 0,
        first_row: 0,
        columns: Vec::new(),
        dry_run: Totals::default(),
        ..(*kept).clone()
    };
    go(platform, table, actor, "import.checked", &kept, next).await
}

/// Takes the file in, after its trial. Asking again changes nothing.
pub async fn run(
    platform: &Platform,
    table: &ClinicTable,
    actor: &Actor,
    id: ImportId,
) -> Result<Import, ImportFault> {
    let kept = get(table, id).await?;
    match kept.state {
        State::Running | State::Done => return Ok(kept.into_value()),
        State::Ready => {}
        state => return Err(ImportFault::State { id, state }),
    }
    let next = Import {
        state: State::Running,
        offset: kept.first_row,
        totals: Totals::default(),
        ..(*kept).clone()
    };
    go(platform, table, actor, "import.run", &kept, next).await
}

async fn go(
    platform: &Platform,
    table: &ClinicTable,
    actor: &Actor,
    action: &'static str,
    kept: &table::Kept<Import>,
    mut next: Import,
) -> Result<Import, ImportFault> {
    let now = platform.clock.now();
    next.step += 1;
    next.updated_at = now;
    let job = ImportContinues { clinic: table.clinic(), import: next.id, step: next.step };
    let deed = actor.did(action).on("import", next.id);
    let mut write = table.write();
    write
        .replace(kept, &next)
        .due(now, &job.name(), &job)
        .create(&deed.change("state", kept.state.name(), next.state.name()).entry(table));
    write.commit().await?;
    hint(platform, &job).await;
    Ok(next)
}

/// Says at once that there is work; the due bucket says so again within minutes if this is lost.
pub(crate) async fn hint(platform: &Platform, job: &ImportContinues) {
    if let Err(fault) = platform.queue.push(&[job.raw()]).await {
        tracing::warn!(import.id = %job.import, fault = %fault, "an import waits for the next sweep");
    }
}

/// Stops an import. What was taken in stays; asking again changes nothing.
pub async fn cancel(table: &ClinicTable, actor: &Actor, id: ImportId) -> Result<Import, ImportFault> {
    const TRIES: usize = 5;
    let mut tried = 0;
    loop {
        let kept = get(table, id).await?;
        match kept.state {
            State::Cancelled => return Ok(kept.into_value()),
            state @ (State::Done | State::Failed) => return Err(ImportFault::State { id, state }),
            _ => {}
        }
        let now = table.clock().now();
        let next = Import { state: State::Cancelled, updated_at: now, ..(*kept).clone() };
        let deed = actor.did("import.cancelled").on("import", id);
        let mut write = table.write();
        write
            .replace(&kept, &next)
            .create(&deed.change("state", kept.state.name(), next.state.name()).entry(table));
        tried += 1;
        match write.commit().await {
            Ok(()) => return Ok(next),
            // Whoever works at it was faster by a group of rows.
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            Err(fault) => return Err(fault.into()),
        }
    }
}
