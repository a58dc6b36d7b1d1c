//! One act of a request to the table, as whoever makes a mistake gets it into their hands.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use messaging::Message;
use serde_json::{Map, Value, json};
use table::Entity as _;

/// An item of the table on the wire, such as `{"pk": {"S": "…"}, …}`.
pub type Item = Map<String, Value>;

/// What becomes of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done, as it is by now.
    Stays,
    /// It is not done, and nobody hears of it.
    Lost,
    /// It is done, and whoever asked hears that it was done even if it was refused.
    Unrefused,
}

/// One act of a request to the table: something is put, deleted, changed or demanded. Statements of PartiQL that put
/// an item in the place of another are puts as well.
#[derive(Debug)]
pub struct Act {
    /// By whom.
    pub who: &'static str,
    /// The operation that it is part of, such as `BatchExecuteStatement`.
    pub operation: String,
    /// `Put`, `Delete`, `Update` or `ConditionCheck`.
    pub verb: &'static str,
    /// Which act of its request it is, from 0.
    pub index: usize,
    /// The item that is put, or the key.
    item: Item,
    /// What is added, for a counter.
    by: Option<i64>,
    /// The entity in the item, as JSON.
    entity: Value,
    condition: Condition,
    changed: bool,
    touched: bool,
}

/// The condition of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// There is none.
    None,
    /// It stands.
    Stands,
    /// It was taken away.
    Gone,
}

/// The bytes of an LZ4 block that consists of its literals alone.
fn block(literals: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(literals.len() + literals.len() / 255 + 2);
    if let Some(mut rest) = literals.len().checked_sub(15) {
        block.push(0xf0);
        while rest >= 255 {
            block.push(255);
            rest -= 255;
        }
        block.push(u8::try_from(rest).expect("less than 255"));
    } else {
        block.push(u8::try_from(literals.len() << 4).expect("less than 15"));
    }
    block.extend(literals);
    block
}

/// The entity of a packed item. Messages are the one kind that is packed.
fn opened(packed: &Value) -> Option<Value> {
    let bytes = STANDARD.decode(packed["B"].as_str()?).ok()?;
    serde_json::from_slice(&table::open::<Message>(&bytes)?).ok()
}

fn packed(entity: &Value) -> Value {
    let plain = entity.to_string();
    let mut bytes = vec![u8::try_from(Message::WORDS.len()).expect("a handful of versions")];
    bytes.extend(u32::try_from(plain.len()).expect("an item is smaller").to_le_bytes());
    bytes.extend(block(plain.as_bytes()));
    json!({ "B": STANDARD.encode(bytes) })
}

/// A value of the wire, such as `{"S": "…"}`, as plain JSON.
fn plain(value: &Value) -> Value {
    let Some((kind, inside)) = value.as_object().and_then(|value| value.iter().next()) else {
        return Value::Null;
    };
    match (kind.as_str(), inside) {
        ("M", Value::Object(map)) => {
            Value::Object(map.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        ("L", Value::Array(list)) => Value::Array(list.iter().map(plain).collect()),
        ("N", Value::String(number)) => serde_json::from_str(number).unwrap_or(Value::Null),
        ("NULL", _) => Value::Null,
        (_, inside) => inside.clone(),
    }
}

/// Plain JSON as a value of the wire.
fn wired(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(yes) => json!({ "BOOL": yes }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(list) => json!({ "L": list.iter().map(wired).collect::<Vec<_>>() }),
        Value::Object(map) => {
            let map: Item = map.iter().map(|(name, value)| (name.clone(), wired(value))).collect();
            json!({ "M": map })
        }
    }
}

/// The entity in an item that is written or was read; null if there is none.
pub(crate) fn entity_of(item: &Item) -> Value {
    match (item.get("z"), item.get("d")) {
        (Some(packed), _) => opened(packed).unwrap_or_default(),
        (_, Some(data)) => plain(data),
        _ => Value::Null,
    }
}

/// Writes an entity into an item, in the form it had there.
pub(crate) fn put_entity(item: &mut Item, entity: &Value) {
    if item.contains_key("z") {
        item.insert("z".to_owned(), packed(entity));
        // What is kept in the open is written by the same hand.
        if let (Some(state), Some(status)) = (item.get_mut("state"), entity["status"].as_str()) {
            *state = json!({ "S": status });
        }
    } else {
        item.insert("d".to_owned(), wired(entity));
    }
}

/// The kind of an item or of a key.
pub(crate) fn kind_of(item: &Item) -> &str {
    let text = |name: &str| item.get(name).and_then(|value| value["S"].as_str());
    text("kind").or_else(|| text("sk")?.split('#').next()).unwrap_or_default()
}

impl Act {
    pub(crate) fn new(
        who: &'static str,
        operation: &str,
        verb: &'static str,
        index: usize,
        item: Item,
    ) -> Self {
        let entity = if verb == "Put" { entity_of(&item) } else { Value::Null };
        Self {
            who,
            operation: operation.to_owned(),
            verb,
            index,
            item,
            by: None,
            entity,
            condition: Condition::None,
            changed: false,
            touched: false,
        }
    }

    pub(crate) fn adding(mut self, by: Option<i64>) -> Self {
        self.by = by;
        self
    }

    pub(crate) fn demanding(mut self, conditional: bool) -> Self {
        self.condition = if conditional { Condition::Stands } else { Condition::None };
        self
    }

    /// The item as it is to be, whether anything about the act was changed, and whether its condition is gone.
    pub(crate) fn ends(mut self) -> (Item, bool, bool) {
        if self.changed {
            put_entity(&mut self.item, &self.entity);
        }
        (self.item, self.touched, self.condition == Condition::Gone)
    }

    /// The kind of the item, such as `message`.
    pub fn kind(&self) -> &str {
        kind_of(&self.item)
    }

    /// Whether a sender does it, one of those that are cut off or one of the house.
    pub fn by_sender(&self) -> bool {
        self.who.starts_with("sender") || self.who == "house"
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
        self.by.filter(|_| self.verb == "Update" && self.kind() == "counter")
    }

    /// Whether it puts work of this type into a due bucket.
    pub fn plans(&self, job: &str) -> bool {
        self.puts("due") && self.text("/job/type") == Some(job)
    }

    /// A field of the entity as it is written, found by a path such as `/attempts/-1/status`, in which -1 is the last.
    pub fn field(&self, path: &str) -> Option<&Value> {
        path.split('/').skip(1).try_fold(&self.entity, |at, part| match at {
            Value::Object(map) => map.get(part),
            Value::Array(list) if part == "-1" => list.last(),
            Value::Array(list) => list.get(part.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// A field that is text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.field(path)?.as_str()
    }

    /// Writes another value into a field that is there and says something else.
    pub fn set(&mut self, path: &str, value: Value) {
        let found = path.split('/').skip(1).try_fold(&mut self.entity, |at, part| match at {
            Value::Object(map) => map.get_mut(part),
            Value::Array(list) => {
                let index = if part == "-1" { list.len().checked_sub(1) } else { part.parse().ok() };
                list.get_mut(index?)
            }
            _ => None,
        });
        if let Some(found) = found.filter(|found| **found != value) {
            *found = value;
            (self.changed, self.touched) = (true, true);
        }
    }

    /// Writes a text into a field that is there.
    pub fn write(&mut self, path: &str, text: &str) {
        self.set(path, Value::String(text.to_owned()));
    }

    /// Takes a field of the entity out.
    pub fn forget(&mut self, field: &str) {
        if self.entity.as_object_mut().is_some_and(|entity| entity.remove(field).is_some()) {
            (self.changed, self.touched) = (true, true);
        }
    }

    /// Takes the last of a list out.
    pub fn forget_last(&mut self, field: &str) {
        let list = self.entity.get_mut(field).and_then(Value::as_array_mut);
        if list.is_some_and(|list| list.pop().is_some()) {
            (self.changed, self.touched) = (true, true);
        }
    }

    /// Says nothing in an attribute of the item itself, such as `mark`.
    pub fn blanks(&mut self, attribute: &str) {
        if let Some(value) = self.item.get_mut(attribute) {
            *value = json!({ "S": "nobody" });
            self.touched = true;
        }
    }

    /// The revision stays what it was, so that nobody sees that something was written.
    pub fn keeps_revision(&mut self) {
        let rev = self.item.get("rev").and_then(|rev| rev["N"].as_str()?.parse::<u64>().ok());
        if let Some(before) = rev.filter(|rev| *rev > 1) {
            self.item.insert("rev".to_owned(), json!({ "N": (before - 1).to_string() }));
            self.touched = true;
        }
    }

    /// Takes its condition away.
    pub fn unconditionally(&mut self) {
        if self.condition == Condition::Stands {
            (self.condition, self.touched) = (Condition::Gone, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_entity_that_was_changed_is_read_by_the_product() {
        for long in [3, 14, 15, 16, 269, 270, 271, 900] {
            let entity = json!({ "status": "SENT", "text": "x".repeat(long) });
            assert_eq!(opened(&packed(&entity)), Some(entity));
        }
    }

    #[test]
    fn a_plain_entity_stays_what_it_was() {
        let entity = json!({ "a": [1, null, true, { "b": "c" }], "n": -7 });
        assert_eq!(plain(&wired(&entity)), entity);
    }

    #[test]
    fn fields_are_found_changed_and_taken_out() {
        let mut item = Item::new();
        item.insert("sk".to_owned(), json!({ "S": "due#x" }));
        put_entity(&mut item, &json!({ "job": { "type": "ring.1" }, "tries": [{ "n": 1 }, { "n": 2 }] }));
        let mut act = Act::new("sender a", "PutItem", "Put", 0, item);
        assert!(act.plans("ring.1") && act.by_sender());
        act.set("/tries/-1/n", json!(1));
        act.forget("job");
        let (item, touched, bare) = act.ends();
        assert_eq!(entity_of(&item), json!({ "tries": [{ "n": 1 }, { "n": 1 }] }));
        assert!(touched && !bare);
    }
}
