//! The envelope that every event comes in.

use std::collections::BTreeMap;

use kernel::{ClinicId, Detail, EventId, Id, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use table::Digest;

use crate::{
    mirror::{Given, Object},
    origin::is_source,
};

/// An event as it came, its envelope read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The producer's id of the event.
    pub event_id: String,
    /// What happened, such as `appointment.booked`.
    pub event_type: String,
    /// The version of the form of `data`.
    pub event_version: u64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Which system tells it; ids in `data` are its own.
    pub producer: String,
    /// Whose.
    pub tenant_id: ClinicId,
    /// What joins events of one cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What is told.
    pub data: Map<String, Value>,
}

fn event_type(text: &str) -> bool {
    (3..=80).contains(&text.len())
        && text.contains('.')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._".contains(&b))
}

impl Envelope {
    /// Reads an event; problems point into it.
    pub fn read(value: &Value, at: &str) -> Result<Self, Vec<Detail>> {
        let mut object = Object::of(value, at)?;
        let event_id = object.text("eventId", 120);
        let event_type = object.word("eventType", "must be a type such as appointment.booked", |text| {
            event_type(text).then(|| text.to_owned())
        });
        let event_version = object.value("eventVersion", "must be a whole number such as 1", |value| {
            value.as_u64().or_else(|| value.as_str()?.parse().ok())
        });
        let occurred_at =
            object.word("occurredAt", "must be an instant such as 2026-11-22T15:00:00Z", |text| {
                text.parse().ok()
            });
        let producer =
            object.word("producer", "must be the name of a system: 1 to 40 of a-z, 0-9, - _ and .", |text| {
                is_source(text).then(|| text.to_owned())
            });
        let tenant_id = object.word("tenantId", "must be the id of the clinic", |text| text.parse().ok());
        let correlation_id = object.text("correlationId", 120).set();
        let data = object.value("data", "must be an object", |value| value.as_object().cloned());
        for (name, missing) in [
            ("eventId", event_id.clone().set().is_none()),
            ("eventType", event_type.clone().set().is_none()),
            ("eventVersion", event_version.clone().set().is_none()),
            ("occurredAt", occurred_at.clone().set().is_none()),
            ("producer", producer.clone().set().is_none()),
            ("tenantId", tenant_id.clone().set().is_none()),
            ("data", data.clone().set().is_none()),
        ] {
            let place = object.place(name);
            if missing && !object.problems.iter().any(|problem| problem.at == place) {
                object.wrong(name, "is missing");
            }
        }
        let problems = object.done();
        match (event_id, event_type, event_version, occurred_at, producer, tenant_id, data) {
            (
                Given::Set(event_id),
                Given::Set(event_type),
                Given::Set(event_version),
                Given::Set(occurred_at),
                Given::Set(producer),
                Given::Set(tenant_id),
                Given::Set(data),
            ) if problems.is_empty() => Ok(Self {
                event_id,
                event_type,
                event_version,
                occurred_at,
                producer,
                tenant_id,
                correlation_id,
                data,
            }),
            _ => Err(problems),
        }
    }

    /// Our id of the event: the same for the same producer and id.
    pub fn id(&self) -> EventId {
        EventId::derived(&[&self.tenant_id.to_string(), &self.producer, &self.event_id])
    }

    /// What tells the same event from another one under the same id. The order of fields says nothing: it is lost
    /// on the way through the table.
    pub(crate) fn digest(&self) -> String {
        let mut text = String::new();
        sorted(&serde_json::to_value(self).unwrap_or_default(), &mut text);
        Digest::of(&text).to_string()
    }
}

fn sorted(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().collect();
            out.push('{');
            for (name, value) in fields {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                sorted(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for value in values {
                sorted(value, out);
                out.push(',');
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}
