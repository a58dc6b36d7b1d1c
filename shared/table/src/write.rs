//! Writing: single items, and several in one transaction.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
        Update,
    },
};
use kernel::{ClinicId, Clock, Job, Timestamp};

use crate::{
    Due, Entity, Kept, Table, TableFault, WriteFault,
    item::{Item, number, pack, text},
    keys::{CounterKey, DueKey, Key},
    list::key_of,
};

/// What must hold of the item that stands there.
pub(crate) enum Expects {
    Nothing,
    Absent,
    Rev(u64),
}

pub(crate) enum Act {
    Put { kind: &'static str, item: Item, expects: Expects },
    Delete { kind: &'static str, key: Item, expects: Expects },
    Check { kind: &'static str, key: Item, expects: Expects },
    Count { key: Item, addition: Addition },
}

impl Act {
    fn kind(&self) -> &'static str {
        match self {
            Self::Put { kind, .. } | Self::Delete { kind, .. } | Self::Check { kind, .. } => kind,
            Self::Count { .. } => CounterKey::KIND,
        }
    }
}

/// Acts that happen together or not at all. A single act is a plain write at half the price.
#[must_use = "nothing is written before commit"]
pub struct Write {
    table: Table,
    prefix: String,
    clinic: Option<ClinicId>,
    mark: String,
    acts: Vec<Act>,
    fault: Option<TableFault>,
}

/// What tells one write from every other.
pub(crate) fn mark(clock: &Clock) -> String {
    let mut random = [0; 8];
    clock.random(&mut random);
    format!("{:016x}", u64::from_be_bytes(random))
}

impl Write {
    pub(crate) fn new(table: Table, clinic: ClinicId) -> Self {
        Self::with(table, clinic.to_string(), Some(clinic))
    }

    pub(crate) fn shared(table: Table) -> Self {
        Self::with(table, "all".to_owned(), None)
    }

    fn with(table: Table, prefix: String, clinic: Option<ClinicId>) -> Self {
        let mark = mark(table.clock());
        Self { table, prefix, clinic, mark, acts: Vec::new(), fault: None }
    }

    /// Whose part of the table is written; absent for the shared part.
    pub fn clinic(&self) -> Option<ClinicId> {
        self.clinic
    }

    /// How many items are written or checked so far; 100 is the most.
    pub fn len(&self) -> usize {
        self.acts.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.acts.is_empty()
    }

    fn put<E: Entity>(&mut self, entity: &E, rev: u64, expects: Expects) -> &mut Self {
        match pack(&self.prefix, entity, rev, &self.mark) {
            Ok(item) => self.acts.push(Act::Put { kind: E::Key::KIND, item, expects }),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    fn key<K: Key>(&self, key: &K) -> Item {
        let (pk, sk) = key.full(&self.prefix);
        key_of(&pk, &sk)
    }

    /// Creates an entity where none stands.
    pub fn create<E: Entity>(&mut self, entity: &E) -> &mut Self {
        self.put(entity, 1, Expects::Absent)
    }

    /// Writes an entity whatever stands there: for facts that are the same whenever they are written.
    pub fn put_always<E: Entity>(&mut self, entity: &E) -> &mut Self {
        self.put(entity, 1, Expects::Nothing)
    }

    /// Puts `new` in the place of what was read, if nobody else has meanwhile.
    pub fn replace<E: Entity>(&mut self, kept: &Kept<E>, new: &E) -> &mut Self {
        let stays = kept.key().full(&self.prefix) == new.key().full(&self.prefix);
        debug_assert!(stays, "an entity keeps its key");
        self.put(new, kept.rev + 1, Expects::Rev(kept.rev))
    }

    /// Deletes what was read, if nobody else changed it meanwhile.
    pub fn delete<E: Entity>(&mut self, kept: &Kept<E>) -> &mut Self {
        let key = self.key(&kept.key());
        self.acts.push(Act::Delete { kind: E::Key::KIND, key, expects: Expects::Rev(kept.rev) });
        self
    }

    /// Deletes whatever stands at a key; no error if nothing does.
    pub fn remove<K: Key>(&mut self, key: &K) -> &mut Self {
        let kind = K::KIND;
        let key = self.key(key);
        self.acts.push(Act::Delete { kind, key, expects: Expects::Nothing });
        self
    }

    /// Demands that what was read is still the same.
    pub fn check<E: Entity>(&mut self, kept: &Kept<E>) -> &mut Self {
        let key = self.key(&kept.key());
        self.acts.push(Act::Check { kind: E::Key::KIND, key, expects: Expects::Rev(kept.rev) });
        self
    }

    /// Demands that nothing stands at a key.
    pub fn check_absent<K: Key>(&mut self, key: &K) -> &mut Self {
        let kind = K::KIND;
        let key = self.key(key);
        self.acts.push(Act::Check { kind, key, expects: Expects::Absent });
        self
    }

    /// Adds to a counter; `expires` lets the database forget it.
    pub fn add(&mut self, counter: &CounterKey, by: i64, expires: Option<Timestamp>) -> &mut Self {
        let key = self.key(counter);
        let addition = Addition::of("n", number(by), expires);
        self.acts.push(Act::Count { key, addition });
        self
    }

    /// Counts a thing by its name: the same name is counted once, however often it is told. For counters of some
    /// dozens of things, since it keeps the names.
    pub fn note(&mut self, counter: &CounterKey, what: &str, expires: Option<Timestamp>) -> &mut Self {
        let key = self.key(counter);
        let addition = Addition::of("seen", AttributeValue::Ss(vec![what.to_owned()]), expires);
        self.acts.push(Act::Count { key, addition });
        self
    }

    /// Puts work into the due bucket of its minute. `id` names the work: the same `at` and `id` is the same
    /// work, so that planning it twice or taking it back needs no look-up.
    pub fn due<J: Job>(&mut self, at: Timestamp, id: &str, job: &J) -> &mut Self {
        let due = Due::new(self.clinic, at, id, job.raw(), self.table.clock().now());
        // Moved within its minute it keeps its place, which a transaction may name only once.
        let place = self.key(&due.key());
        self.acts.retain(|act| !matches!(act, Act::Delete { key, .. } if *key == place));
        self.put(&due, 1, Expects::Nothing)
    }

    /// Takes work back that was planned with [`Write::due`].
    pub fn undue(&mut self, at: Timestamp, id: &str) -> &mut Self {
        self.remove::<DueKey>(&Due::place(at, id))
    }

    /// Writes it all. A conflict names the act whose expectation failed; nothing is written then.
    pub async fn commit(mut self) -> Result<(), WriteFault> {
        if let Some(fault) = self.fault {
            return Err(fault.into());
        }
        match self.acts.len() {
            0 => Ok(()),
            1 if !matches!(self.acts[0], Act::Check { .. }) => {
                let act = self.acts.remove(0);
                self.table.single(&self.mark, act).await
            }
            items if items > 100 => Err(WriteFault::TooMany { items }),
            _ => self.transact().await,
        }
    }

    async fn transact(self) -> Result<(), WriteFault> {
        let kinds: Vec<_> = self.acts.iter().map(Act::kind).collect();
        let items: Vec<_> =
            self.acts.into_iter().map(|act| self.table.item(act)).collect::<Result<_, _>>()?;
        let mut patience = Duration::from_millis(10);
        for _ in 0..6 {
            let sent = self
                .table
                .client()
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .send()
                .await;
            let Err(error) = sent else { return Ok(()) };
            match refusal(&error) {
                Some(Refusal::Condition(act)) => {
                    return Err(WriteFault::Conflict {
                        act,
                        kind: kinds.get(act).copied().unwrap_or("item"),
                    });
                }
                Some(Refusal::Busy) => {
                    tokio::time::sleep(patience).await;
                    patience *= 2;
                }
                None => return Err(TableFault::of("TransactWriteItems", &error).into()),
            }
        }
        Err(WriteFault::Contended)
    }
}

enum Refusal {
    Condition(usize),
    Busy,
}

fn refusal<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Refusal> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|reason| reason.code()).collect();
            if let Some(act) = codes.iter().position(|code| *code == Some("ConditionalCheckFailed")) {
                return Some(Refusal::Condition(act));
            }
            let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
            codes.iter().flatten().any(|code| passing.contains(code)).then_some(Refusal::Busy)
        }
        TransactWriteItemsError::TransactionInProgressException(_) => Some(Refusal::Busy),
        other => (other.code() == Some("TransactionConflictException")).then_some(Refusal::Busy),
    }
}

fn condition(expects: &Expects) -> Option<&'static str> {
    match expects {
        Expects::Nothing => None,
        Expects::Absent => Some("attribute_not_exists(pk)"),
        Expects::Rev(_) => Some("rev = :rev"),
    }
}

fn rev_value(expects: &Expects) -> Option<HashMap<String, AttributeValue>> {
    match expects {
        Expects::Rev(rev) => Some(Item::from([(":rev".to_owned(), number(*rev))])),
        _ => None,
    }
}

/// What is added to a counter: the expression, the names in it and its values.
pub(crate) struct Addition {
    expression: &'static str,
    names: Option<HashMap<String, String>>,
    values: Item,
}

impl Addition {
    fn of(attribute: &'static str, what: AttributeValue, expires: Option<Timestamp>) -> Self {
        let mut values = Item::from([(":by".to_owned(), what), (":kind".to_owned(), text(CounterKey::KIND))]);
        if let Some(expires) = expires {
            values.insert(":ttl".to_owned(), number(expires.as_second()));
        }
        let expression = match (attribute, expires) {
            ("n", None) => "ADD n :by SET kind = :kind",
            ("n", Some(_)) => "ADD n :by SET kind = :kind, #ttl = :ttl",
            (_, None) => "ADD seen :by SET kind = :kind",
            (_, Some(_)) => "ADD seen :by SET kind = :kind, #ttl = :ttl",
        };
        let names = expires.map(|_| HashMap::from([("#ttl".to_owned(), "ttl".to_owned())]));
        Self { expression, names, values }
    }
}

impl Table {
    fn item(&self, act: Act) -> Result<TransactWriteItem, TableFault> {
        let built = |_| TableFault::Refused { operation: "TransactWriteItems", reason: "item".to_owned() };
        let item = TransactWriteItem::builder();
        Ok(match act {
            Act::Put { item: put, expects, .. } => item.put(
                Put::builder()
                    .table_name(self.name())
                    .set_item(Some(put))
                    .set_condition_expression(condition(&expects).map(str::to_owned))
                    .set_expression_attribute_values(rev_value(&expects))
                    .build()
                    .map_err(built)?,
            ),
            Act::Delete { key, expects, .. } => item.delete(
                Delete::builder()
                    .table_name(self.name())
                    .set_key(Some(key))
                    .set_condition_expression(condition(&expects).map(str::to_owned))
                    .set_expression_attribute_values(rev_value(&expects))
                    .build()
                    .map_err(built)?,
            ),
            Act::Check { key, expects, .. } => item.condition_check(
                ConditionCheck::builder()
                    .table_name(self.name())
                    .set_key(Some(key))
                    .set_condition_expression(condition(&expects).map(str::to_owned))
                    .set_expression_attribute_values(rev_value(&expects))
                    .build()
                    .map_err(built)?,
            ),
            Act::Count { key, addition } => item.update(
                Update::builder()
                    .table_name(self.name())
                    .set_key(Some(key))
                    .update_expression(addition.expression)
                    .set_expression_attribute_names(addition.names)
                    .set_expression_attribute_values(Some(addition.values))
                    .build()
                    .map_err(built)?,
            ),
        }
        .build())
    }

    pub(crate) async fn single(&self, mark: &str, act: Act) -> Result<(), WriteFault> {
        match act {
            Act::Put { kind, item, expects } => {
                let sent = self
                    .client()
                    .put_item()
                    .table_name(self.name())
                    .set_item(Some(item))
                    .set_condition_expression(condition(&expects).map(str::to_owned))
                    .set_expression_attribute_values(rev_value(&expects))
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                    .send()
                    .await;
                let Err(error) = sent else { return Ok(()) };
                let failed = error.as_service_error().and_then(|service| match service {
                    aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
                        failed,
                    ) => Some(failed),
                    _ => None,
                });
                match failed {
                    // The first answer got lost and the SDK asked again: what stands there is this very write.
                    Some(failed) if failed.item().is_some_and(|old| old.get("mark") == Some(&text(mark))) => {
                        Ok(())
                    }
                    Some(_) => Err(WriteFault::Conflict { act: 0, kind }),
                    None => Err(TableFault::of("PutItem", &error).into()),
                }
            }
            Act::Delete { kind, key, expects } => {
                let sent = self
                    .client()
                    .delete_item()
                    .table_name(self.name())
                    .set_key(Some(key))
                    .set_condition_expression(condition(&expects).map(str::to_owned))
                    .set_expression_attribute_values(rev_value(&expects))
                    .send()
                    .await;
                match sent {
                    Ok(_) => Ok(()),
                    Err(error)
                        if error.as_service_error().is_some_and(|service| {
                            service.code() == Some("ConditionalCheckFailedException")
                        }) =>
                    {
                        Err(WriteFault::Conflict { act: 0, kind })
                    }
                    Err(error) => Err(TableFault::of("DeleteItem", &error).into()),
                }
            }
            Act::Check { kind, .. } => Err(TableFault::Unwritable { kind }.into()),
            Act::Count { key, addition } => {
                let counted = self
                    .client()
                    .update_item()
                    .table_name(self.name())
                    .set_key(Some(key))
                    .update_expression(addition.expression)
                    .set_expression_attribute_names(addition.names)
                    .set_expression_attribute_values(Some(addition.values))
                    .send()
                    .await;
                counted.map_err(|error| TableFault::of("UpdateItem", &error))?;
                Ok(())
            }
        }
    }
}
