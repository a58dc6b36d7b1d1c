//! Mistakes that are made on purpose: what a defect in the product would do, done on the wire.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kernel::RawJob;
use serde_json::{Value, json};

use crate::{
    Act, Fate, Item,
    act::{entity_of, kind_of, put_entity},
};

/// What is done with an item that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is seen as it is.
    AsIs,
    /// It is not seen.
    NotAtAll,
}

/// What is done with a call to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// Made twice.
    Twice,
    /// Made again if no answer comes.
    AgainAfterSilence,
    /// Made again if the other side fails inside.
    AgainAfterFault,
    /// An answer that takes the message is made out of silence.
    SilenceIsYes,
    /// A refusal is heard where no answer came.
    SilenceIsNo,
    /// Not made at all, and an answer that takes the message is heard.
    Never,
    /// An answer that takes the message is heard where the other side asked for patience.
    BusyIsYes,
}

/// Who reads an item, and among how many.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// By whom.
    pub who: &'static str,
    /// Such as `BatchGetItem`.
    pub operation: &'a str,
    /// How many items the answer has.
    pub among: usize,
    /// Which of them it is, from 0.
    pub index: usize,
}

/// A mistake, and how often it was made.
#[derive(Default)]
pub struct Mistake {
    write: Option<fn(&mut Act) -> Fate>,
    see: Option<fn(Reader<'_>, &str, &mut Value) -> Seen>,
    /// Senders see items of this kind as they were before they were last changed.
    stale: Option<&'static str>,
    pub(crate) sends: Option<Sending>,
    /// Jobs that are not pushed.
    unpushed: Option<fn(&RawJob) -> bool>,
    /// Jobs as they are pushed.
    pushed: Option<fn(&mut RawJob) -> bool>,
    /// Whether a bucket of due work is looked into.
    looks: Option<fn(Bucket) -> bool>,
    /// Jobs are taken off their queue before they are worked at.
    forgets: bool,
    made: Mutex<BTreeMap<String, usize>>,
    before: Mutex<HashMap<String, Value>>,
}

/// A question about a bucket of due work.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// Which shard of it.
    pub shard: u8,
    /// It was looked at before.
    pub again: bool,
}

impl fmt::Debug for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mistake({:?})", self.places())
    }
}

/// A request as it goes over the wire.
pub(crate) enum Asked {
    /// This is asked, and the answer is heard with these gaps and deaf spots.
    So(Value, Heard),
    /// Nothing is asked, and this is heard.
    Not(Value),
}

/// How the answer to a request is heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Statements that were left out, by their place.
    left_out: Vec<usize>,
    /// Acts whose refusal is not heard.
    unrefused: Vec<usize>,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mistake {
    /// A mistake in writing.
    pub fn in_writing(write: fn(&mut Act) -> Fate) -> Self {
        Self { write: Some(write), ..Self::default() }
    }

    /// A mistake in reading; it is told who reads, of which kind the item is, and the entity in it.
    pub fn in_reading(see: fn(Reader<'_>, &str, &mut Value) -> Seen) -> Self {
        Self { see: Some(see), ..Self::default() }
    }

    /// Senders see items of a kind as they were before.
    pub fn of_stale(kind: &'static str) -> Self {
        Self { stale: Some(kind), ..Self::default() }
    }

    /// A mistake in calling providers.
    pub fn in_sending(sends: Sending) -> Self {
        Self { sends: Some(sends), ..Self::default() }
    }

    /// Buckets of due work of which this is not true are not looked into.
    pub fn in_looking(looks: fn(Bucket) -> bool) -> Self {
        Self { looks: Some(looks), ..Self::default() }
    }

    /// Jobs are changed as they are pushed; tells whether it did.
    pub fn in_pushing(pushed: fn(&mut RawJob) -> bool) -> Self {
        Self { pushed: Some(pushed), ..Self::default() }
    }

    /// And these jobs are not pushed.
    #[must_use]
    pub fn and_does_not_push(self, unpushed: fn(&RawJob) -> bool) -> Self {
        Self { unpushed: Some(unpushed), ..self }
    }

    /// And buckets of due work of which this is not true are not looked into.
    #[must_use]
    pub fn and_in_looking(self, looks: fn(Bucket) -> bool) -> Self {
        Self { looks: Some(looks), ..self }
    }

    /// And jobs are taken off their queue before they are worked at.
    #[must_use]
    pub fn and_forgets_jobs(self) -> Self {
        Self { forgets: true, ..self }
    }

    /// Whether a job that was not done is gone; the mistake is made if so.
    pub fn forgets_a_job(&self) -> bool {
        if self.forgets {
            self.makes("Settle");
        }
        self.forgets
    }

    /// How often it was made.
    pub fn made(&self) -> usize {
        held(&self.made).values().sum()
    }

    /// How often it was made in which operation.
    pub fn places(&self) -> BTreeMap<String, usize> {
        held(&self.made).clone()
    }

    pub(crate) fn makes(&self, place: &str) {
        *held(&self.made).entry(place.to_owned()).or_default() += 1;
    }

    /// The jobs as they are pushed.
    pub(crate) fn pushes(&self, jobs: &[RawJob]) -> Vec<RawJob> {
        let mut jobs = jobs.to_vec();
        if let Some(lost) = self.unpushed {
            jobs.retain(|job| {
                let lost = lost(job);
                if lost {
                    self.makes("Push");
                }
                !lost
            });
        }
        if let Some(change) = self.pushed {
            for job in &mut jobs {
                if change(job) {
                    self.makes("Push");
                }
            }
        }
        jobs
    }

    /// The request as it goes over the wire; `peek` answers a `GetItem`.
    pub(crate) fn asks(
        &self,
        who: &'static str,
        operation: &str,
        mut body: Value,
        peek: impl Fn(&Value) -> Value,
    ) -> Asked {
        if let Some(kind) = self.stale {
            self.remembers(kind, operation, &body, peek);
        }
        if let Some(looks) = self.looks
            && operation == "Query"
            && bucket(&body).is_some_and(|bucket| !looks(bucket))
        {
            self.makes(operation);
            return Asked::Not(json!({ "Items": [], "Count": 0, "ScannedCount": 0 }));
        }
        let mut heard = Heard::default();
        if self.write.is_none() {
            return Asked::So(body, heard);
        }
        match operation {
            "PutItem" | "DeleteItem" | "UpdateItem" => {
                let verb = operation.strip_suffix("Item").unwrap_or_default();
                let verb = VERBS.into_iter().find(|known| *known == verb).unwrap_or_default();
                if let Some(slot) = body.as_object_mut()
                    && self.judges(who, operation, verb, 0, slot, &mut heard) == Fate::Lost
                {
                    return Asked::Not(json!({}));
                }
            }
            "TransactWriteItems" => {
                for (index, act) in body["TransactItems"].as_array_mut().into_iter().flatten().enumerate() {
                    for verb in VERBS {
                        let Some(slot) = act.get_mut(verb).and_then(Value::as_object_mut) else { continue };
                        if self.judges(who, operation, verb, index, slot, &mut heard) == Fate::Lost {
                            *act = holds_anyway(slot);
                        }
                        break;
                    }
                }
            }
            "BatchWriteItem" => {
                let tables = body["RequestItems"].as_object_mut().into_iter().flatten();
                for puts in tables.filter_map(|(_, puts)| puts.as_array_mut()) {
                    let mut index = 0;
                    puts.retain_mut(|put| {
                        index += 1;
                        let slot = put.get_mut("PutRequest").and_then(Value::as_object_mut);
                        slot.is_none_or(|slot| {
                            self.judges(who, operation, "Put", index - 1, slot, &mut heard) != Fate::Lost
                        })
                    });
                    if puts.is_empty() {
                        return Asked::Not(json!({ "UnprocessedItems": {} }));
                    }
                }
            }
            "BatchExecuteStatement" => {
                let mut index = 0;
                if let Some(statements) = body["Statements"].as_array_mut() {
                    statements.retain_mut(|statement| {
                        index += 1;
                        self.states(who, operation, index - 1, statement, &mut heard)
                    });
                    if statements.is_empty() {
                        let nothing = vec![json!({}); heard.left_out.len()];
                        return Asked::Not(json!({ "Responses": nothing }));
                    }
                }
            }
            _ => {}
        }
        Asked::So(body, heard)
    }

    /// Makes the mistake, if it is one, in an act of the API's own form.
    fn judges(
        &self,
        who: &'static str,
        operation: &str,
        verb: &'static str,
        index: usize,
        slot: &mut Item,
        heard: &mut Heard,
    ) -> Fate {
        let Some(write) = self.write else { return Fate::Stays };
        let name = if slot.contains_key("Item") { "Item" } else { "Key" };
        let item = slot.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let by = slot.get("ExpressionAttributeValues").and_then(|values| values[":by"]["N"].as_str());
        let by = by.and_then(|by| by.parse().ok());
        let conditional = slot.contains_key("ConditionExpression");
        let mut act = Act::new(who, operation, verb, index, item).adding(by).demanding(conditional);
        let fate = write(&mut act);
        let (item, touched, bare) = act.ends();
        if touched || fate == Fate::Lost {
            self.makes(operation);
        }
        if fate == Fate::Unrefused {
            heard.unrefused.push(index);
        }
        slot.insert(name.to_owned(), Value::Object(item));
        if bare {
            for gone in
                ["ConditionExpression", "ExpressionAttributeValues", "ReturnValuesOnConditionCheckFailure"]
            {
                slot.remove(gone);
            }
        }
        fate
    }

    /// The same for a statement that puts an item in the place of another; whether it is sent.
    fn states(
        &self,
        who: &'static str,
        operation: &str,
        index: usize,
        statement: &mut Value,
        heard: &mut Heard,
    ) -> bool {
        const CONDITION: &str = " AND \"rev\"=?";
        let Some(write) = self.write else { return true };
        let says = statement["Statement"].as_str().unwrap_or_default().to_owned();
        let values = statement["Parameters"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> = says
            .split("\"=?")
            .filter_map(|part| part.rsplit('"').next())
            .take(values.len())
            .map(str::to_owned)
            .collect();
        let mut item = Item::new();
        for (name, value) in names.iter().zip(&values) {
            // The revision stands there twice: first as it is to be, then as it has to be.
            item.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let conditional = says.ends_with(CONDITION);
        let mut act = Act::new(who, operation, "Put", index, item).demanding(conditional);
        let fate = write(&mut act);
        let (item, touched, bare) = act.ends();
        if touched || fate == Fate::Lost {
            self.makes(operation);
        }
        if fate == Fate::Lost {
            heard.left_out.push(index);
            return false;
        }
        if fate == Fate::Unrefused {
            heard.unrefused.push(index);
        }
        let last = if conditional { names.len() - 1 } else { names.len() };
        for (name, value) in
            names[..last].iter().zip(statement["Parameters"].as_array_mut().into_iter().flatten())
        {
            if let Some(new) = item.get(name) {
                value.clone_from(new);
            }
        }
        if bare {
            statement["Statement"] = json!(says.strip_suffix(CONDITION));
            statement["Parameters"].as_array_mut().map(Vec::pop);
        }
        true
    }

    /// Keeps what stood where something of this kind is put, the first time it is.
    fn remembers(&self, kind: &str, operation: &str, body: &Value, peek: impl Fn(&Value) -> Value) {
        let puts: Vec<&Value> = match operation {
            "PutItem" => vec![body],
            "TransactWriteItems" => {
                body["TransactItems"].as_array().into_iter().flatten().map(|act| &act["Put"]).collect()
            }
            _ => Vec::new(),
        };
        for put in puts.into_iter().filter(|put| put["Item"]["kind"]["S"] == kind) {
            let key = json!({ "pk": put["Item"]["pk"], "sk": put["Item"]["sk"] });
            let stood = peek(&json!({ "TableName": put["TableName"], "Key": key }));
            if stood["Item"].is_object() {
                held(&self.before).entry(key.to_string()).or_insert_with(|| stood["Item"].clone());
            }
        }
    }

    /// The answer as it is heard.
    pub(crate) fn hears(
        &self,
        who: &'static str,
        operation: &str,
        heard: &Heard,
        status: u16,
        mut answer: Value,
    ) -> (u16, Value) {
        let refused = answer["__type"].as_str().unwrap_or_default();
        if status == 400 && refused.ends_with("ConditionalCheckFailedException") && heard.unrefused == [0] {
            self.makes(operation);
            return (200, json!({}));
        }
        if status == 400 && refused.ends_with("TransactionCanceledException") {
            let reasons = answer["CancellationReasons"].as_array();
            let failed: Vec<usize> = reasons
                .into_iter()
                .flatten()
                .enumerate()
                .filter(|(_, reason)| reason["Code"] == "ConditionalCheckFailed")
                .map(|(index, _)| index)
                .collect();
            if !failed.is_empty() && failed.iter().all(|index| heard.unrefused.contains(index)) {
                self.makes(operation);
                return (200, json!({}));
            }
        }
        if let Some(responses) = answer.get_mut("Responses").and_then(Value::as_array_mut) {
            for index in &heard.left_out {
                responses.insert((*index).min(responses.len()), json!({}));
            }
            for index in &heard.unrefused {
                if let Some(response) = responses.get_mut(*index)
                    && response["Error"]["Code"] == "ConditionalCheckFailed"
                {
                    self.makes(operation);
                    *response = json!({});
                }
            }
        }
        self.looks_at(who, operation, &mut answer);
        (status, answer)
    }

    /// What is seen of the items in an answer.
    fn looks_at(&self, who: &'static str, operation: &str, answer: &mut Value) {
        if self.see.is_none() && self.stale.is_none() {
            return;
        }
        match operation {
            "GetItem" => {
                let reader = Reader { who, operation, among: 1, index: 0 };
                let gone = answer.get_mut("Item").is_some_and(|item| !self.shows(reader, item));
                if let Some(answer) = answer.as_object_mut().filter(|_| gone) {
                    answer.remove("Item");
                }
            }
            "BatchGetItem" => {
                let tables = answer.get_mut("Responses").and_then(Value::as_object_mut).into_iter().flatten();
                for items in tables.filter_map(|(_, items)| items.as_array_mut()) {
                    self.some_of(who, operation, items);
                }
            }
            "Query" => {
                if let Some(items) = answer.get_mut("Items").and_then(Value::as_array_mut) {
                    self.some_of(who, operation, items);
                }
            }
            _ => {}
        }
    }

    fn some_of(&self, who: &'static str, operation: &str, items: &mut Vec<Value>) {
        let (among, mut index) = (items.len(), 0);
        items.retain_mut(|item| {
            index += 1;
            self.shows(Reader { who, operation, among, index: index - 1 }, item)
        });
    }

    /// Whether an item is seen; it may be seen as something else.
    fn shows(&self, reader: Reader<'_>, item: &mut Value) -> bool {
        let Some(item) = item.as_object_mut() else { return true };
        if self.stale.is_some() && reader.who.starts_with("sender") {
            let key = json!({ "pk": item["pk"], "sk": item["sk"] }).to_string();
            if let Some(Value::Object(stood)) = held(&self.before).get(&key)
                && stood != item
            {
                self.makes(reader.operation);
                item.clone_from(stood);
            }
        }
        let Some(see) = self.see else { return true };
        let (kind, is) = (kind_of(item).to_owned(), entity_of(item));
        let mut entity = is.clone();
        let seen = see(reader, &kind, &mut entity);
        if entity != is {
            put_entity(item, &entity);
        }
        if entity != is || seen == Seen::NotAtAll {
            self.makes(reader.operation);
        }
        seen == Seen::AsIs
    }
}

const VERBS: [&str; 4] = ["Put", "Delete", "Update", "ConditionCheck"];

/// The bucket of due work that is asked for, if one is.
fn bucket(query: &Value) -> Option<Bucket> {
    let values = query["ExpressionAttributeValues"].as_object()?.values();
    let partition = values.filter_map(|value| value["S"].as_str()).find(|text| text.contains("#due#"))?;
    let shard = partition.trim_end_matches('#').rsplit('#').next()?.parse().ok()?;
    Some(Bucket { shard, again: query["ConsistentRead"] != true })
}

/// An act of the same place in the transaction that holds whatever stands there.
fn holds_anyway(slot: &Item) -> Value {
    let holder = slot.get("Item").or_else(|| slot.get("Key")).cloned().unwrap_or_default();
    json!({ "ConditionCheck": {
        "TableName": slot.get("TableName"),
        "Key": { "pk": holder["pk"], "sk": holder["sk"] },
        "ConditionExpression": "attribute_exists(pk) OR attribute_not_exists(pk)",
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(mistake: &Mistake, operation: &str, body: Value) -> (Value, Heard) {
        match mistake.asks("sender a", operation, body, |_| Value::Null) {
            Asked::So(body, heard) => (body, heard),
            Asked::Not(answer) => (answer, Heard::default()),
        }
    }

    fn statement(rev: &str) -> Value {
        json!({
            "Statement": "UPDATE \"comms\" SET \"d\"=? SET \"rev\"=? REMOVE \"ttl\" WHERE \"pk\"=? AND \"sk\"=? AND \"rev\"=?",
            "Parameters": [{ "M": { "a": { "S": "b" } } }, { "N": rev }, { "S": "p" }, { "S": "thing" }, { "N": "1" }],
        })
    }

    #[test]
    fn a_statement_loses_its_condition_and_nothing_else() {
        let mistake = Mistake::in_writing(|act| {
            if act.puts("thing") {
                act.unconditionally();
                act.write("/a", "c");
            }
            Fate::Stays
        });
        let (body, _) = asked(&mistake, "BatchExecuteStatement", json!({ "Statements": [statement("2")] }));
        let one = &body["Statements"][0];
        assert!(one["Statement"].as_str().unwrap().ends_with("WHERE \"pk\"=? AND \"sk\"=?"));
        assert_eq!(one["Parameters"][0], json!({ "M": { "a": { "S": "c" } } }));
        assert_eq!(one["Parameters"].as_array().unwrap().len(), 4);
        assert_eq!(mistake.places(), BTreeMap::from([("BatchExecuteStatement".to_owned(), 1)]));
    }

    #[test]
    fn a_statement_that_is_left_out_is_heard_to_have_been_done() {
        let mistake = Mistake::in_writing(|act| if act.index == 0 { Fate::Lost } else { Fate::Unrefused });
        let all = json!({ "Statements": [statement("2"), statement("3")] });
        let (body, heard) = asked(&mistake, "BatchExecuteStatement", all);
        assert_eq!(body["Statements"].as_array().unwrap().len(), 1);
        let refused = json!({ "Responses": [{ "Error": { "Code": "ConditionalCheckFailed" } }] });
        let (_, answer) = mistake.hears("sender a", "BatchExecuteStatement", &heard, 200, refused);
        assert_eq!(answer, json!({ "Responses": [{}, {}] }));
    }

    #[test]
    fn what_changes_nothing_is_not_counted() {
        let mistake = Mistake::in_writing(|act| {
            act.unconditionally();
            act.write("/a", "b");
            act.forget("x");
            Fate::Stays
        });
        let put = json!({ "Item": { "pk": { "S": "p" }, "sk": { "S": "thing" }, "d": { "M": { "a": { "S": "b" } } } } });
        let (body, _) = asked(&mistake, "PutItem", put.clone());
        assert_eq!((body, mistake.made()), (put, 0));
    }
}
