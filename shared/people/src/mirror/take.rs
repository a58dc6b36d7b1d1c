//! Many statements, in as few transactions as hold them.

use std::{collections::BTreeSet, ops::Range};

use kernel::PersonId;
use table::{ClinicTable, Write, WriteFault};

use super::{Desk, Effect, Refused, Statement};
use crate::appointments::Replan;

/// What a statement of the same version means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// News: it was told before and is ignored.
    News,
    /// A row of a snapshot: all rows have one version, and a later one may add to an earlier one.
    Snapshot,
}

/// What became of a row: of each of its statements, or why none was taken.
pub(crate) type Taken = Result<Vec<Effect>, Refused>;

/// Some rows that are about to be written together.
pub(crate) struct Group<'a> {
    /// Which rows.
    pub(crate) rows: Range<usize>,
    /// What becomes of each.
    pub(crate) taken: &'a [Taken],
    /// The patients concerned by what changes.
    pub(crate) concerned: BTreeSet<PersonId>,
}

/// The most items of a transaction.
const FULL: usize = 100;
/// How often others may get in between before it is their turn to be told.
const CLASHES: usize = 5;

/// Takes rows of statements in order, each row whole or not at all, in groups of a transaction each. `along`
/// adds to each group what must be written with it; a conflict on such an item (its kind in `fences`) ends it
/// all, as somebody else does the same work.
pub(crate) async fn take<R: Replan>(
    table: &ClinicTable,
    desk: &mut Desk<'_>,
    plan: &R,
    rule: Rule,
    rows: &[Vec<Statement>],
    fences: &[&str],
    mut along: impl FnMut(&Desk<'_>, &mut Write, Group<'_>),
) -> Result<Vec<Taken>, WriteFault> {
    desk.load(rows.iter().flatten()).await?;
    let mut all = Vec::with_capacity(rows.len());
    let (mut at, mut size, mut clashes) = (0, 16, 0);
    while at < rows.len() {
        let group = at..rows.len().min(at + size);
        desk.load(rows[group.clone()].iter().flatten()).await?;
        let taken: Vec<Taken> = rows[group.clone()].iter().map(|row| desk.take(row, rule)).collect();
        let mut write = table.write();
        desk.write(plan, &mut write).await?;
        let own = write.len();
        let concerned = desk.concerned();
        along(desk, &mut write, Group { rows: group.clone(), taken: &taken, concerned });
        if write.len() > FULL && group.len() > 1 {
            desk.forget();
            size = (group.len() / 2).max(1);
            continue;
        }
        match write.commit().await {
            Ok(()) => {
                desk.settle();
                at = group.end;
                all.extend(taken);
                if own < FULL / 2 {
                    size = (size * 2).min(FULL);
                }
            }
            Err(WriteFault::Conflict { kind, .. }) if !fences.contains(&kind) && clashes < CLASHES => {
                desk.clear();
                clashes += 1;
                size = (size / 2).max(1);
            }
            Err(fault) => {
                desk.clear();
                return Err(fault);
            }
        }
    }
    Ok(all)
}
