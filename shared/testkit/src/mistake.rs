//! Mistakes that are made on purpose: what a defect in the product would do, done on the wire.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use kernel::RawJob;
use serde_json::{Map, Value, json};

/// An item of the table on the wire, such as `{"pk": {"S": "…"}, …}`.
pub type Item = Map<String, Value>;

/// One act of a request to the table: something is put, deleted, changed or demanded.
pub struct Act<'a> {
    /// By whom.
    pub who: &'static str,
    /// `Put`, `Delete`, `Update` or `ConditionCheck`.
    pub verb: &'static str,
    slot: &'a mut Item,
    touched: bool,
}

/// What becomes of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done, as it is by now.
    Stays,
    /// It is not done, and nobody hears of it.
    Lost,
}

impl Act<'_> {
    fn item(&self) -> Option<&Item> {
        self.slot.get("Item").and_then(Value::as_object)
    }

    fn key(&self, part: &str) -> &str {
        let holder = self.item().or_else(|| self.slot.get("Key").and_then(Value::as_object));
        holder.and_then(|holder| holder.get(part)).and_then(|value| value["S"].as_str()).unwrap_or_default()
    }

    /// The kind of the item, such as `message`.
    pub fn kind(&self) -> &str {
        let kind = self.item().and_then(|item| item.get("kind")).and_then(|kind| kind["S"].as_str());
        kind.unwrap_or_else(|| self.key("sk").split('#').next().unwrap_or_default())
    }

    /// Whether it puts an item of this kind.
    pub fn puts(&self, kind: &str) -> bool {
        self.verb == "Put" && self.kind() == kind
    }

    /// Whether it puts a message that goes out, in this status.
    pub fn puts_message(&self, status: &str) -> bool {
        self.puts("message") && self.text("/direction") == Some("OUT") && self.text("/status") == Some(status)
    }

    /// By how much it changes a counter, if it does.
    pub fn adds(&self) -> Option<i64> {
        if self.verb != "Update" || self.kind() != "counter" {
            return None;
        }
        self.slot.get("ExpressionAttributeValues")?.get(":by")?["N"].as_str()?.parse().ok()
    }

    /// Whether it puts work of this type into a due bucket.
    pub fn plans(&self, job: &str) -> bool {
        self.puts("due") && self.text("/job/type") == Some(job)
    }

    /// A field of the entity as it is written, found by a path such as `/attempts/0/status`.
    pub fn field(&mut self, path: &str) -> Option<&mut Value> {
        let mut at = self.slot.get_mut("Item")?.get_mut("d")?;
        for part in path.split('/').skip(1) {
            let (kind, inside) = at.as_object_mut()?.iter_mut().next()?;
            at = match (kind.as_str(), inside) {
                ("M", Value::Object(map)) => map.get_mut(part)?,
                ("L", Value::Array(list)) => {
                    let index = if part == "-1" { list.len().checked_sub(1)? } else { part.parse().ok()? };
                    list.get_mut(index)?
                }
                _ => return None,
            };
        }
        Some(at)
    }

    /// A field that is text.
    pub fn text(&self, path: &str) -> Option<&str> {
        let mut at = self.item()?.get("d")?;
        for part in path.split('/').skip(1) {
            at = match at.as_object()?.iter().next()? {
                (kind, Value::Object(map)) if kind == "M" => map.get(part)?,
                (kind, Value::Array(list)) if kind == "L" && part == "-1" => list.last()?,
                (kind, Value::Array(list)) if kind == "L" => list.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        at["S"].as_str()
    }

    /// Whether there is such a field.
    pub fn has(&mut self, path: &str) -> bool {
        self.field(path).is_some()
    }

    /// Writes another value into a field that is there.
    pub fn set(&mut self, path: &str, value: Value) {
        if let Some(field) = self.field(path) {
            *field = value;
            self.touched = true;
        }
    }

    /// Writes a text into a field that is there.
    pub fn write(&mut self, path: &str, text: &str) {
        self.set(path, json!({ "S": text }));
    }

    /// Takes a field of the entity out.
    pub fn forget(&mut self, field: &str) {
        let entity = self.slot.get_mut("Item").and_then(|item| item.pointer_mut("/d/M"));
        if entity.and_then(Value::as_object_mut).and_then(|entity| entity.remove(field)).is_some() {
            self.touched = true;
        }
    }

    /// Takes an attribute of the item itself out, such as `mark`.
    pub fn without(&mut self, attribute: &str) {
        let item = self.slot.get_mut("Item").and_then(Value::as_object_mut);
        if item.and_then(|item| item.remove(attribute)).is_some() {
            self.touched = true;
        }
    }

    /// The revision stays what it was, so that nobody sees that something was written.
    pub fn keeps_revision(&mut self) {
        let rev = self.slot.get_mut("Item").and_then(|item| item.pointer_mut("/rev/N"));
        if let Some(rev) = rev
            && let Some(before) = rev.as_str().and_then(|rev| rev.parse::<u64>().ok()).filter(|rev| *rev > 1)
        {
            *rev = Value::String((before - 1).to_string());
            self.touched = true;
        }
    }

    /// Takes its condition away.
    pub fn unconditionally(&mut self) {
        if self.slot.remove("ConditionExpression").is_some() {
            self.slot.remove("ExpressionAttributeValues");
            self.slot.remove("ReturnValuesOnConditionCheckFailure");
            self.touched = true;
        }
    }
}

/// What is done with an item that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is seen as it is.
    AsIs,
    /// It was changed.
    Otherwise,
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
}

/// A mistake, and how often it was made.
#[derive(Default)]
pub struct Mistake {
    /// Made in writing.
    write: Option<fn(&mut Act<'_>) -> Fate>,
    /// Made in reading.
    read: Option<fn(&'static str, &mut Item) -> Seen>,
    /// Senders see items of this kind as they were before they were last changed.
    stale: Option<&'static str>,
    /// Made in calling a provider.
    pub(crate) sends: Option<Sending>,
    /// Jobs that are not pushed.
    pub(crate) unpushed: Option<fn(&RawJob) -> bool>,
    /// Every due item but those of one shard is overlooked.
    one_shard: bool,
    made: AtomicUsize,
    before: Mutex<HashMap<String, Value>>,
}

impl fmt::Debug for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mistake(made {} times)", self.made())
    }
}

impl Mistake {
    /// A mistake in writing.
    pub fn in_writing(write: fn(&mut Act<'_>) -> Fate) -> Self {
        Self { write: Some(write), ..Self::default() }
    }

    /// A mistake in reading; it is told who reads.
    pub fn in_reading(read: fn(&'static str, &mut Item) -> Seen) -> Self {
        Self { read: Some(read), ..Self::default() }
    }

    /// Items of a kind are seen as they were before.
    pub fn of_stale(kind: &'static str) -> Self {
        Self { stale: Some(kind), ..Self::default() }
    }

    /// A mistake in calling providers.
    pub fn in_sending(sends: Sending) -> Self {
        Self { sends: Some(sends), ..Self::default() }
    }

    /// Jobs that are not pushed.
    pub fn in_pushing(unpushed: fn(&RawJob) -> bool) -> Self {
        Self { unpushed: Some(unpushed), ..Self::default() }
    }

    /// Due work is looked for in one shard of its bucket only.
    pub fn of_one_shard() -> Self {
        Self { one_shard: true, ..Self::default() }
    }

    /// The same mistake, and these jobs are not pushed either.
    #[must_use]
    pub fn and_in_pushing(self, unpushed: fn(&RawJob) -> bool) -> Self {
        Self { unpushed: Some(unpushed), ..self }
    }

    /// How often it was made.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    pub(crate) fn makes(&self) {
        self.made.fetch_add(1, Ordering::Relaxed);
    }

    /// The request as it goes over the wire; nothing if all of it is lost.
    pub(crate) fn asks(
        &self,
        who: &'static str,
        operation: &str,
        mut body: Value,
        peek: impl Fn(&Value) -> Value,
    ) -> Option<Value> {
        if let Some(kind) = self.stale {
            self.remembers(kind, operation, &body, peek);
        }
        if self.one_shard && operation == "Query" && shard(&body).is_some_and(|shard| shard > 0) {
            self.makes();
            return None;
        }
        let Some(write) = self.write else { return Some(body) };
        let judge = |verb: &'static str, slot: &mut Item| {
            let mut act = Act { who, verb, slot, touched: false };
            let fate = write(&mut act);
            if act.touched || fate == Fate::Lost {
                self.makes();
            }
            fate
        };
        let single = match operation {
            "PutItem" => Some("Put"),
            "DeleteItem" => Some("Delete"),
            "UpdateItem" => Some("Update"),
            _ => None,
        };
        if let (Some(verb), Some(slot)) = (single, body.as_object_mut()) {
            return (judge(verb, slot) == Fate::Stays).then_some(body);
        }
        if operation == "TransactWriteItems" {
            for act in body["TransactItems"].as_array_mut().into_iter().flatten() {
                for verb in ["Put", "Delete", "Update", "ConditionCheck"] {
                    let Some(slot) = act.get_mut(verb).and_then(Value::as_object_mut) else { continue };
                    if judge(verb, slot) == Fate::Lost {
                        *act = holds_anyway(slot);
                        break;
                    }
                }
            }
        }
        Some(body)
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
                let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
                before.entry(key.to_string()).or_insert_with(|| stood["Item"].clone());
            }
        }
    }

    /// The answer as it is heard.
    pub(crate) fn hears(&self, who: &'static str, operation: &str, mut answer: Value) -> Value {
        let senders = who.starts_with("sender");
        let see = |item: &mut Item| {
            if senders && self.stale.is_some() {
                let key = json!({ "pk": item["pk"], "sk": item["sk"] }).to_string();
                let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(Value::Object(stood)) = before.get(&key)
                    && stood != item
                {
                    self.makes();
                    item.clone_from(stood);
                }
            }
            let seen = self.read.map_or(Seen::AsIs, |read| read(who, item));
            if seen != Seen::AsIs {
                self.makes();
            }
            seen
        };
        match operation {
            "GetItem" => {
                let gone = answer.get_mut("Item").and_then(Value::as_object_mut).map(&see);
                if gone == Some(Seen::NotAtAll)
                    && let Some(answer) = answer.as_object_mut()
                {
                    answer.remove("Item");
                }
            }
            "BatchGetItem" => {
                let tables = answer.get_mut("Responses").and_then(Value::as_object_mut).into_iter().flatten();
                for items in tables.filter_map(|(_, items)| items.as_array_mut()) {
                    items.retain_mut(|item| item.as_object_mut().map(&see) != Some(Seen::NotAtAll));
                }
            }
            "Query" => {
                if let Some(items) = answer.get_mut("Items").and_then(Value::as_array_mut) {
                    items.retain_mut(|item| item.as_object_mut().map(&see) != Some(Seen::NotAtAll));
                }
            }
            _ => {}
        }
        answer
    }
}

/// The shard of the due bucket that is asked for, if one is.
fn shard(query: &Value) -> Option<u8> {
    let values = query["ExpressionAttributeValues"].as_object()?.values();
    let bucket = values.filter_map(|value| value["S"].as_str()).find(|text| text.contains("#due#"))?;
    bucket.trim_end_matches('#').rsplit('#').next()?.parse().ok()
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
