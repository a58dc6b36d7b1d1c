//! Working an import off, a stretch at a time.

use std::collections::BTreeSet;

use audit::Actor;
use jiff::SignedDuration;
use kernel::{Category, ClinicId, Detail, ImportId, Job, Lane, PersonId};
use platform::Platform;
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Kept, Write, WriteFault, keys::ImportKey};

use super::{
    change::hint,
    convert::{Converter, Said},
    finding::Finding,
    import::{Format, Import, ImportFault, State},
    mapping::Mapping,
    rows::{Rows, Window, header},
};
use crate::{
    appointments::Replan,
    mirror::{self, Desk, Group, Rule, Statement},
    reach::{NoReach, contacts_for},
};

/// Goes on with an import; a stretch that is not the import's present one is old news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportContinues {
    /// Whose.
    pub clinic: ClinicId,
    /// Which.
    pub import: ImportId,
    /// Which stretch.
    pub step: u32,
}

impl ImportContinues {
    pub(crate) fn name(&self) -> String {
        format!("import/{}/{}", self.import, self.step)
    }
}

impl Job for ImportContinues {
    const TYPE: &'static str = "import_continues.1";
    const LANE: Lane = Lane::Imports;
}

/// What became of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// The import is at its end, of the trial or of the run.
    Ended,
    /// There is more; a further job was written down and hinted at.
    Continues,
    /// The job was pointless: done before, stopped, or another worker is at it.
    Pointless,
}

/// Rows that are read, and written, together.
const CHUNK: usize = 100;
/// The most rows of a stretch, so that a worker's memory stays small.
const STRETCH: u64 = 5000;
/// The longest a stretch may take; a function has minutes, and whoever watches the progress wants news.
const LONGEST: SignedDuration = SignedDuration::from_secs(20);

/// Works at an import until the stretch is over. Killed anywhere, the job is done again and goes on after the
/// last group of rows that was written.
pub async fn work<R: Replan>(
    platform: &Platform,
    plan: &R,
    job: &ImportContinues,
) -> Result<Worked, ImportFault> {
    let table = platform.table.of(job.clinic);
    let found: Option<Kept<Import>> = table.get(&ImportKey { import: job.import }).await?;
    let Some(kept) = found.filter(|kept| kept.step == job.step && kept.state.is_working()) else {
        return Ok(Worked::Pointless);
    };
    match Worker::new(platform, &table, kept).await?.stretch(plan).await {
        // Somebody else wrote the import: another worker at the same stretch, or a cancellation.
        Err(ImportFault::Write(WriteFault::Conflict { kind: "import", .. })) => Ok(Worked::Pointless),
        other => other,
    }
}

struct Worker<'a> {
    platform: &'a Platform,
    table: &'a ClinicTable,
    kept: Kept<Import>,
    mapping: Mapping,
    desk: Desk<'a>,
    seen: BTreeSet<PersonId>,
}

/// A row that was read: its number, where the one after it begins, and what it says.
struct Line {
    row: u64,
    next: u64,
    said: Result<Said, Vec<Detail>>,
}

impl<'a> Worker<'a> {
    async fn new(
        platform: &'a Platform,
        table: &'a ClinicTable,
        kept: Kept<Import>,
    ) -> Result<Self, ImportFault> {
        let key = kept.mapping_file(table);
        let text = platform.files.read(&key, 0, super::mapping::LONGEST as u64 * 2).await?;
        let mapping = serde_json::from_slice(&text)
            .map_err(|error| ImportFault::Invalid(vec![Detail::new("/mapping", error.to_string())]))?;
        let desk = Desk::open(table).await?;
        Ok(Self { platform, table, kept, mapping, desk, seen: BTreeSet::new() })
    }

    async fn stretch<R: Replan>(mut self, plan: &R) -> Result<Worked, ImportFault> {
        let began = self.platform.clock.now();
        let key = self.kept.file(self.table);
        let files = self.platform.files.as_ref();
        let mut window = Window::new(files, key, self.kept.bytes, self.kept.offset);
        if self.kept.first_row == 0 && !self.open(&mut window).await? {
            return Ok(Worked::Ended);
        }
        let mut rows = 0;
        loop {
            let lines = self.lines(&mut window).await?;
            if lines.is_empty() {
                self.end().await?;
                return Ok(Worked::Ended);
            }
            rows += lines.len() as u64;
            if self.kept.state == State::DryRun {
                self.rehearse(lines).await?;
            } else {
                self.take(plan, lines).await?;
            }
            let spent = self.platform.clock.now().duration_since(began);
            if rows >= STRETCH || spent >= LONGEST {
                return self.pass_on().await;
            }
        }
    }

    /// Reads the header, if the format has one. Returns whether the file can be read at all.
    async fn open(&mut self, window: &mut Window<'_>) -> Result<bool, ImportFault> {
        let mut next = (*self.kept).clone();
        if next.format == Format::Ndjson {
            return Ok(true);
        }
        let problems = match header(window, self.delimiter()).await? {
            Ok((columns, first)) => {
                let missing = self.mapping.missing(&columns);
                (next.columns, next.first_row, next.offset) = (columns, first, first);
                let says = "the mapping needs this column and the file does not have it";
                missing.into_iter().map(|column| Detail::new(column, says)).collect()
            }
            Err(problems) => problems,
        };
        if problems.is_empty() {
            // Written with the first rows.
            self.kept = self.replace(next).await?;
            return Ok(true);
        }
        next.state = State::Failed;
        next.failure = problems.into_iter().take(50).map(Into::into).collect();
        self.replace(next).await?;
        Ok(false)
    }

    fn delimiter(&self) -> u8 {
        u8::try_from(self.mapping.delimiter).unwrap_or(b',')
    }

    async fn replace(&self, mut next: Import) -> Result<Kept<Import>, ImportFault> {
        next.updated_at = self.platform.clock.now();
        let mut write = self.table.write();
        write.replace(&self.kept, &next);
        write.commit().await?;
        Ok(self.kept.followed_by(next))
    }

    async fn lines(&self, window: &mut Window<'_>) -> Result<Vec<Line>, ImportFault> {
        let import = &*self.kept;
        let rows = Rows { format: import.format, delimiter: self.delimiter(), columns: &import.columns };
        let mut reading = self.desk.reading(&self.mapping.source);
        reading.drops_bad_contacts = !self.mapping.strict_contacts;
        let converter = Converter {
            mapping: &self.mapping,
            reading,
            as_of: import.as_of,
            shift_days: import.shift_days,
            zone: self.desk.clinic.zone.clone(),
        };
        let seen = if import.state == State::DryRun { import.dry_run.rows } else { import.totals.rows };
        let mut lines = Vec::with_capacity(CHUNK);
        let (mut at, mut row) = (import.offset, seen);
        while lines.len() < CHUNK {
            let Some(read) = rows.next(window, at).await? else { break };
            row += 1;
            at = read.next;
            let said = read.row.and_then(|texts| converter.row(&texts));
            lines.push(Line { row, next: at, said });
        }
        Ok(lines)
    }

    /// Sees what rows would do, and writes down only what was found.
    async fn rehearse(&mut self, lines: Vec<Line>) -> Result<(), ImportFault> {
        let statements = statements(&lines);
        self.desk.load(statements.iter().flatten()).await?;
        let taken: Vec<_> = statements.iter().map(|row| self.desk.take(row, Rule::Snapshot)).collect();
        let mut next = (*self.kept).clone();
        let mut write = self.table.write();
        let report = Report { mapping: &self.mapping, lines: &lines, statements: &statements };
        report.add(self.table, &self.desk, &mut write, &mut next, &mut self.seen, 0..lines.len(), &taken);
        // A hundred rows with a finding each leave no room for the import itself.
        let rest = write.len() >= 100;
        if rest {
            write.commit().await?;
            write = self.table.write();
        }
        next.updated_at = self.platform.clock.now();
        write.replace(&self.kept, &next);
        write.commit().await?;
        self.kept = self.kept.followed_by(next);
        Ok(())
    }

    /// Takes rows in, with their place in the file.
    async fn take<R: Replan>(&mut self, plan: &R, lines: Vec<Line>) -> Result<(), ImportFault> {
        let statements = statements(&lines);
        let report = Report { mapping: &self.mapping, lines: &lines, statements: &statements };
        let actor = Actor::system("imports");
        let (table, now) = (self.table, self.platform.clock.now());
        // What the last attempt at a group would make of the import; kept once that group is written.
        let mut kept = self.kept.clone();
        let mut ahead: Option<(Import, BTreeSet<PersonId>, usize)> = None;
        let mut seen = self.seen.clone();
        let taken = mirror::take(
            table,
            &mut self.desk,
            plan,
            Rule::Snapshot,
            &statements,
            &["import"],
            |desk: &Desk<'_>, write: &mut Write, group: Group<'_>| {
                // A group that begins where the last one ended says that the last one was written.
                if let Some((import, people, end)) = ahead.take()
                    && end == group.rows.start
                {
                    kept = kept.followed_by(import);
                    seen = people;
                }
                let mut next = (*kept).clone();
                let mut people = seen.clone();
                let end = group.rows.end;
                report.add(table, desk, write, &mut next, &mut people, group.rows, group.taken);
                next.updated_at = now;
                write.replace(&kept, &next);
                if !group.concerned.is_empty() {
                    let deed = actor.did("import.rows_taken").on("import", next.id);
                    let deed = group.concerned.into_iter().fold(deed, audit::Deed::patient);
                    write.create(&deed.entry(table));
                }
                ahead = Some((next, people, end));
            },
        )
        .await;
        taken?;
        if let Some((import, people, _)) = ahead {
            kept = kept.followed_by(import);
            seen = people;
        }
        (self.kept, self.seen) = (kept, seen);
        self.desk.clear();
        Ok(())
    }

    /// Writes down the next stretch and hints at it.
    async fn pass_on(self) -> Result<Worked, ImportFault> {
        let now = self.platform.clock.now();
        let mut next = (*self.kept).clone();
        next.step += 1;
        next.updated_at = now;
        let job = ImportContinues { clinic: self.table.clinic(), import: next.id, step: next.step };
        let mut write = self.table.write();
        write.replace(&self.kept, &next).due(now, &job.name(), &job);
        write.commit().await?;
        hint(self.platform, &job).await;
        Ok(Worked::Continues)
    }

    async fn end(&self) -> Result<(), ImportFault> {
        let state = if self.kept.state == State::DryRun { State::Ready } else { State::Done };
        self.replace(Import { state, ..(*self.kept).clone() }).await?;
        tracing::info!(import.id = %self.kept.id, import.state = state.name(), "an import reached its end");
        Ok(())
    }
}

fn statements(lines: &[Line]) -> Vec<Vec<Statement>> {
    let of = |line: &Line| line.said.as_ref().map(|said| said.statements.clone()).unwrap_or_default();
    lines.iter().map(of).collect()
}

/// What is told about rows: totals and findings.
struct Report<'a> {
    mapping: &'a Mapping,
    lines: &'a [Line],
    statements: &'a [Vec<Statement>],
}

impl Report<'_> {
    #[expect(clippy::too_many_arguments, reason = "one group of rows and all that it leaves behind")]
    fn add(
        &self,
        table: &ClinicTable,
        desk: &Desk<'_>,
        write: &mut Write,
        import: &mut Import,
        seen: &mut BTreeSet<PersonId>,
        rows: std::ops::Range<usize>,
        taken: &[mirror::Taken],
    ) {
        let at = table.clock().now();
        for ((line, statements), taken) in
            self.lines[rows.clone()].iter().zip(&self.statements[rows]).zip(taken)
        {
            let id = import.id;
            import.offset = line.next;
            let totals = import.counting();
            totals.rows += 1;
            let mut finding = Finding::of(id, line.row, at);
            match (&line.said, taken) {
                (Err(details), _) => finding.refused = details.iter().cloned().map(Into::into).collect(),
                (Ok(_), Err(refused)) => {
                    let at_column = |detail: &Detail| self.mapping.at_column(detail.clone()).into();
                    finding.refused = refused.details.iter().map(at_column).collect();
                }
                (Ok(said), Ok(effects)) => {
                    for (statement, effect) in statements.iter().zip(effects) {
                        totals.count(statement.kind(), *effect);
                    }
                    totals.rounded_ids += said.rounded_ids;
                    finding.left_out = said.left_out.iter().cloned().map(Into::into).collect();
                    if let Some((person, why)) = unreachable(desk, statements, seen) {
                        finding.unreachable = Some(person);
                        finding.unreachable_because = Some(why.code().to_owned());
                    }
                }
            }
            totals.refused += u64::from(!finding.refused.is_empty());
            totals.warned += u64::from(!finding.left_out.is_empty());
            totals.unreachable += u64::from(finding.unreachable.is_some());
            // Whom nobody can reach the trial has listed already.
            let news = import.state == State::DryRun || !finding.refused.is_empty();
            if finding.says_something() && news {
                write.put_always(&finding);
            }
        }
    }
}

/// The person of a row whom nobody can reach about a visit, if the file did not speak of them before.
fn unreachable(
    desk: &Desk<'_>,
    statements: &[Statement],
    seen: &mut BTreeSet<PersonId>,
) -> Option<(PersonId, NoReach)> {
    let id = statements.iter().find_map(Statement::person)?;
    if !seen.insert(id) {
        return None;
    }
    let person = desk.person(id)?;
    let today = desk.clinic.zone.wall(desk.now()).date();
    match contacts_for(person, &[], Category::Appointment, today, desk.clinic.state.as_deref()) {
        // Guardians have contact points of their own; whether they have any shows when they are written to.
        Ok(_) | Err(NoReach::NoGuardianForThis) => None,
        Err(why) => Some((id, why)),
    }
}

#[cfg(test)]
#[path = "work_tests.rs"]
mod tests;
