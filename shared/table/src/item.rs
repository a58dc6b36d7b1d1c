//! An entity as an item: keys, kind, revision, the mark of the write, and the entity itself under `d`, or packed
//! under `z`.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use crate::{Entity, Kept, TableFault, keys::Key, packed};

/// An item as the database gives it.
pub type Item = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString + Copy) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The item of an entity at a revision. `mark` tells whose write it was, so that a write whose answer got lost
/// can be known again.
pub(crate) fn pack<E: Entity>(prefix: &str, entity: &E, rev: u64, mark: &str) -> Result<Item, TableFault> {
    let kind = E::Key::KIND;
    let (name, data) = if let Some(packed) = packed::pack(entity) {
        ("z", AttributeValue::B(Blob::new(packed?)))
    } else {
        let unwritable = |_| TableFault::Unwritable { kind };
        ("d", serde_dynamo::to_attribute_value(entity).map_err(unwritable)?)
    };
    let (pk, sk) = entity.key().full(prefix);
    let mut item = Item::from([
        ("pk".to_owned(), text(pk)),
        ("sk".to_owned(), text(sk)),
        ("kind".to_owned(), text(kind)),
        ("rev".to_owned(), number(rev)),
        ("mark".to_owned(), text(mark)),
        (name.to_owned(), data),
    ]);
    if let Some(state) = entity.state() {
        item.insert("state".to_owned(), text(state));
    }
    for (place, partition, order) in [(entity.listed(), "lp", "ls"), (entity.held(), "hp", "hs")] {
        if let Some(place) = place {
            let (p, s) = place.full(prefix);
            item.insert(partition.to_owned(), text(p));
            item.insert(order.to_owned(), text(s));
        }
    }
    if let Some(expires) = entity.expires() {
        item.insert("ttl".to_owned(), number(expires.as_second()));
    }
    Ok(item)
}

/// The entity in an item, with its revision.
pub fn unpack<E: Entity>(mut item: Item) -> Result<Kept<E>, TableFault> {
    let data = item.remove("d");
    unpack_with(&item, data)
}

/// The entity in an item that is still needed, with its revision.
pub(crate) fn unpack_from<E: Entity>(item: &Item) -> Result<Kept<E>, TableFault> {
    unpack_with(item, item.get("d").cloned())
}

fn unpack_with<E: Entity>(item: &Item, data: Option<AttributeValue>) -> Result<Kept<E>, TableFault> {
    let kind = E::Key::KIND;
    let unreadable = || TableFault::Unreadable { kind };
    let says = item.get("kind").and_then(|value| value.as_s().ok());
    if says.map(String::as_str) != Some(kind) {
        return Err(unreadable());
    }
    let rev = item
        .get("rev")
        .and_then(|value| value.as_n().ok())
        .and_then(|rev| rev.parse().ok())
        .ok_or_else(unreadable)?;
    if let Some(AttributeValue::B(packed)) = item.get("z") {
        let value = packed::unpack(packed.as_ref()).ok_or_else(unreadable)?;
        return Ok(Kept { value, rev });
    }
    let data = data.ok_or_else(unreadable)?;
    let value = serde_dynamo::from_attribute_value(data).map_err(|error| {
        tracing::error!(item.kind = kind, fault = %error.to_string().split('`').next().unwrap_or_default(), "an item cannot be read");
        unreadable()
    })?;
    Ok(Kept { value, rev })
}

/// One change of the table as its stream tells it: the item before and after, either of which may be absent.
#[derive(Debug, Clone)]
pub struct Change {
    /// Unique for the change and rising within an item.
    pub sequence: String,
    /// The partition of the item; begins with the clinic.
    pub partition: String,
    /// The kind of the item.
    pub kind: String,
    pub(crate) before: Option<Item>,
    pub(crate) after: Option<Item>,
}

impl Change {
    /// A change from its two images.
    pub fn new(
        sequence: String,
        before: Option<HashMap<String, AttributeValue>>,
        after: Option<HashMap<String, AttributeValue>>,
    ) -> Option<Self> {
        let any = after.as_ref().or(before.as_ref())?;
        let partition = any.get("pk")?.as_s().ok()?.clone();
        let kind = any.get("kind")?.as_s().ok()?.clone();
        Some(Self { sequence, partition, kind, before, after })
    }

    /// The clinic it happened in; absent for what belongs to none.
    pub fn clinic(&self) -> Option<kernel::ClinicId> {
        self.partition.split('#').next()?.parse().ok()
    }
}

/// The entity before and after a change, if the change is about this kind.
#[expect(clippy::type_complexity, reason = "before and after, each may be absent")]
pub fn changed<E: Entity>(change: &Change) -> Option<Result<(Option<Kept<E>>, Option<Kept<E>>), TableFault>> {
    if change.kind != E::Key::KIND {
        return None;
    }
    let image = |item: &Option<Item>| item.clone().map(unpack::<E>).transpose();
    Some(image(&change.before).and_then(|before| Ok((before, image(&change.after)?))))
}
