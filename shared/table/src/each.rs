//! Writes of many items in one call, of which each holds or fails for itself.
//!
//! One PartiQL statement per item, up to 25 in a call (`BatchExecuteStatement`): every statement has its own
//! condition and is billed like a plain write. Nothing is undone when another one fails; what belongs together goes
//! through [`Write`](crate::Write).

use std::{fmt::Write as _, time::Duration};

use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementError, BatchStatementErrorCodeEnum as Code, BatchStatementRequest,
    PutRequest, ReturnValuesOnConditionCheckFailure, WriteRequest,
};
use kernel::{Job, Timestamp};

use crate::{
    ClinicTable, Due, Entity, Kept, Table, TableFault, WriteFault,
    item::{Item, number, pack, text},
    keys::Key,
    write::{Act, Expects, mark},
};

/// How many statements one call takes.
const MOST: usize = 25;
/// How often what the database had no room for is asked for again.
const TRIES: u32 = 5;

struct Replacement {
    kind: &'static str,
    mark: String,
    rev: u64,
    item: Item,
    gone: Vec<&'static str>,
}

/// Replacements that do not depend on each other, of any clinics.
#[must_use = "nothing is written before commit"]
pub struct Each {
    table: Table,
    all: Vec<Result<Replacement, TableFault>>,
}

impl Table {
    /// Starts a number of writes of which each holds or fails for itself.
    pub fn each(&self) -> Each {
        Each { table: self.clone(), all: Vec::new() }
    }

    /// Puts work of clinics into due buckets, in as few calls as there are twenty-fives. Work that stands there
    /// already is the same work. Not all of it may be there when this fails.
    pub async fn plan<J: Job>(
        &self,
        works: impl IntoIterator<Item = (ClinicTable, Timestamp, String, J)>,
    ) -> Result<(), WriteFault> {
        let now = self.clock().now();
        let mut puts: Vec<WriteRequest> = Vec::new();
        for (of, at, id, job) in works {
            let due = Due::new(Some(of.clinic()), at, &id, job.raw(), now);
            let item = pack(&of.prefix, &due, 1, &mark(self.clock()))?;
            let put = PutRequest::builder().set_item(Some(item)).build();
            let put = put.map_err(|_| TableFault::Unwritable { kind: <Due as Entity>::Key::KIND })?;
            puts.push(WriteRequest::builder().put_request(put).build());
        }
        for chunk in puts.chunks(MOST) {
            self.put_all(chunk.to_vec()).await?;
        }
        Ok(())
    }

    async fn put_all(&self, mut puts: Vec<WriteRequest>) -> Result<(), TableFault> {
        const OPERATION: &str = "BatchWriteItem";
        let mut patience = Duration::from_millis(20);
        for _ in 0..TRIES {
            let sent = self.client().batch_write_item().request_items(self.name(), puts).send().await;
            let answer = sent.map_err(|error| TableFault::of(OPERATION, &error))?;
            puts = answer.unprocessed_items.and_then(|mut rest| rest.remove(self.name())).unwrap_or_default();
            if puts.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(patience).await;
            patience *= 2;
        }
        Err(TableFault::Away { operation: OPERATION, reason: "unprocessed items".to_owned() })
    }
}

impl Each {
    /// Puts `new` in the place of what was read, if nobody else has meanwhile. An item may be named once.
    pub fn replace<E: Entity>(&mut self, of: &ClinicTable, kept: &Kept<E>, new: &E) -> &mut Self {
        const { assert!(!E::Key::SHARED, "shared items are written on the shared part") };
        let mark = mark(self.table.clock());
        let rev = kept.rev();
        self.all.push(pack(&of.prefix, new, rev + 1, &mark).map(|item| {
            let was = [
                (kept.listed().is_some(), ["lp", "ls"].as_slice()),
                (kept.held().is_some(), ["hp", "hs"].as_slice()),
                (kept.expires().is_some(), ["ttl"].as_slice()),
                (kept.state().is_some(), ["state"].as_slice()),
            ];
            let gone = was.into_iter().filter(|(was, _)| *was).flat_map(|(_, names)| names);
            let gone = gone.copied().filter(|name| !item.contains_key(*name)).collect();
            Replacement { kind: E::Key::KIND, mark, rev, item, gone }
        }));
        self
    }

    /// How many writes there are so far.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Writes each; the answers stand in the order of the writes.
    pub async fn commit(self) -> Vec<Result<(), WriteFault>> {
        let Self { table, all } = self;
        let mut answers = Vec::with_capacity(all.len());
        let mut all = all.into_iter().peekable();
        while all.peek().is_some() {
            let chunk: Vec<_> = all.by_ref().take(MOST).collect();
            answers.extend(table.replace_each(chunk).await);
        }
        answers
    }
}

/// The statement that puts an item in the place of the one at this revision, and its values. The order of the
/// attributes is that of their names, so that the same kind of write is the same text.
fn statement(table: &str, one: &Replacement) -> (String, Vec<AttributeValue>) {
    let mut says = format!("UPDATE \"{table}\"");
    let mut values = Vec::with_capacity(one.item.len() + 1);
    let mut names: Vec<_> = one.item.iter().collect();
    names.sort_unstable_by_key(|(name, _)| name.as_str());
    for (name, value) in names {
        // A kind never changes, and keys cannot.
        if !matches!(name.as_str(), "pk" | "sk" | "kind") {
            let _ = write!(says, " SET \"{name}\"=?");
            values.push(value.clone());
        }
    }
    for name in &one.gone {
        let _ = write!(says, " REMOVE \"{name}\"");
    }
    says.push_str(" WHERE \"pk\"=? AND \"sk\"=? AND \"rev\"=?");
    values.extend(["pk", "sk"].iter().filter_map(|name| one.item.get(*name).cloned()));
    values.push(number(one.rev));
    (says, values)
}

/// What the answer to one statement means; `None` if it is to be tried again.
fn meaning(one: &Replacement, error: Option<&BatchStatementError>) -> Option<Result<(), WriteFault>> {
    const OPERATION: &str = "BatchExecuteStatement";
    let Some(error) = error else { return Some(Ok(())) };
    match error.code() {
        Some(Code::ConditionalCheckFailed) => {
            // The first answer got lost and the SDK asked again: what stands there is this very write.
            let ours = error
                .item()
                .and_then(|there| there.get("mark"))
                .is_some_and(|there| *there == text(&one.mark));
            Some(if ours { Ok(()) } else { Err(WriteFault::Conflict { act: 0, kind: one.kind }) })
        }
        Some(
            Code::ProvisionedThroughputExceeded
            | Code::RequestLimitExceeded
            | Code::ThrottlingError
            | Code::TransactionConflict
            | Code::InternalServerError,
        ) => None,
        code => {
            let reason = code.map_or("unknown", Code::as_str).to_owned();
            Some(Err(TableFault::Refused { operation: OPERATION, reason }.into()))
        }
    }
}

impl Table {
    /// Up to as many replacements as one call takes.
    async fn replace_each(&self, chunk: Vec<Result<Replacement, TableFault>>) -> Vec<Result<(), WriteFault>> {
        const OPERATION: &str = "BatchExecuteStatement";
        let mut answers: Vec<Option<Result<(), WriteFault>>> = Vec::with_capacity(chunk.len());
        let mut open: Vec<(usize, Replacement)> = Vec::with_capacity(chunk.len());
        for (index, one) in chunk.into_iter().enumerate() {
            answers.push(match one {
                Ok(one) => {
                    open.push((index, one));
                    None
                }
                Err(fault) => Some(Err(fault.into())),
            });
        }
        if open.len() == 1
            && let Some((index, one)) = open.pop()
        {
            // A single one is a plain write.
            let act = Act::Put { kind: one.kind, item: one.item, expects: Expects::Rev(one.rev) };
            answers[index] = Some(self.single(&one.mark, act).await);
        }
        let mut patience = Duration::from_millis(20);
        for again in 0..TRIES {
            if open.is_empty() {
                break;
            }
            if again > 0 {
                tokio::time::sleep(patience).await;
                patience *= 2;
            }
            let statements: Result<Vec<_>, _> = open
                .iter()
                .map(|(_, one)| {
                    let (says, values) = statement(self.name(), one);
                    BatchStatementRequest::builder()
                        .statement(says)
                        .set_parameters(Some(values))
                        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                        .build()
                })
                .collect();
            let Ok(statements) = statements else { break };
            let sent = self.client().batch_execute_statement().set_statements(Some(statements)).send().await;
            let told = match sent {
                Ok(answer) => answer.responses.unwrap_or_default(),
                Err(error) => {
                    for (index, _) in open.drain(..) {
                        answers[index] = Some(Err(TableFault::of(OPERATION, &error).into()));
                    }
                    break;
                }
            };
            let mut told = told.iter();
            open.retain(|(index, one)| {
                // A statement without an answer is as good as one that there was no room for.
                let Some(told) = told.next() else { return true };
                answers[*index] = meaning(one, told.error());
                answers[*index].is_none()
            });
        }
        let away = || TableFault::Away { operation: OPERATION, reason: "no room".to_owned() };
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(away().into()))).collect()
    }
}
