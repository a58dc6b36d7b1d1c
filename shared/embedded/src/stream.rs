//! The stream of changes of the embedded table, in the words of the real one.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use dynoxide::{
    Database,
    actions::{
        describe_stream::DescribeStreamRequest, get_records::GetRecordsRequest,
        get_shard_iterator::GetShardIteratorRequest, list_streams::ListStreamsRequest,
    },
};
use serde_json::{Map, Value, json};
use table::Change;

use crate::EmbeddedFault;

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, EmbeddedFault> {
    serde_json::from_value(value).map_err(|fault| EmbeddedFault(fault.to_string()))
}

fn value_of(answer: &impl serde::Serialize) -> Result<Value, EmbeddedFault> {
    serde_json::to_value(answer).map_err(|fault| EmbeddedFault(fault.to_string()))
}

fn text(value: &Value, at: &str) -> Result<String, EmbeddedFault> {
    value
        .pointer(at)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| EmbeddedFault(format!("the stream has no {at}")))
}

/// The changes after `after`, and where to go on. `after` is a place this function gave before; without one it
/// begins with the oldest change there is.
pub(crate) fn changes(
    db: &Database,
    table: &str,
    after: Option<&str>,
) -> Result<(Vec<Change>, Option<String>), EmbeddedFault> {
    let iterator = if let Some(place) = after {
        place.to_owned()
    } else {
        let streams =
            value_of(&db.list_streams(read::<ListStreamsRequest>(json!({ "TableName": table }))?)?)?;
        let arn = text(&streams, "/Streams/0/StreamArn")?;
        let stream =
            value_of(&db.describe_stream(read::<DescribeStreamRequest>(json!({ "StreamArn": arn }))?)?)?;
        let shard = text(&stream, "/StreamDescription/Shards/0/ShardId")?;
        let ask = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
        let place = value_of(&db.get_shard_iterator(read::<GetShardIteratorRequest>(ask)?)?)?;
        text(&place, "/ShardIterator")?
    };
    let ask = json!({ "ShardIterator": iterator, "Limit": 500 });
    let answer = value_of(&db.get_records(read::<GetRecordsRequest>(ask)?)?)?;
    let next = answer.get("NextShardIterator").and_then(Value::as_str).map(str::to_owned);
    let changes = answer
        .get("Records")
        .and_then(Value::as_array)
        .map(|records| records.iter().filter_map(change).collect())
        .unwrap_or_default();
    Ok((changes, next))
}

fn change(record: &Value) -> Option<Change> {
    let image =
        |name: &str| record.pointer(&format!("/dynamodb/{name}")).and_then(Value::as_object).map(item);
    let sequence = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str)?.to_owned();
    Change::new(sequence, image("OldImage"), image("NewImage"))
}

fn item(map: &Map<String, Value>) -> HashMap<String, AttributeValue> {
    map.iter().filter_map(|(name, value)| Some((name.clone(), attribute(value)?))).collect()
}

/// The wire form `{"S": "…"}` as the SDK's type; sets do not occur in our items.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, inner) = value.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "S" => AttributeValue::S(inner.as_str()?.to_owned()),
        "N" => AttributeValue::N(inner.as_str()?.to_owned()),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(inner.as_str()?).ok()?)),
        "BOOL" => AttributeValue::Bool(inner.as_bool()?),
        "NULL" => AttributeValue::Null(true),
        "M" => AttributeValue::M(item(inner.as_object()?)),
        "L" => AttributeValue::L(inner.as_array()?.iter().filter_map(attribute).collect()),
        _ => return None,
    })
}
