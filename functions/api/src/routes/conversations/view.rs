//! A conversation as it is shown.

use kernel::{Channel, MessageId, PersonId, Timestamp};
use messaging::{Direction, conversation::Conversation};
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

use crate::routes::people::names::Names;

/// The head of the one conversation with a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "person": "per_01m8cz00000000000000000000",
    "name": "Ana Reyes",
    "version": 3,
    "last": "msg_01m8cz00000000000000000000",
    "last_direction": "IN",
    "last_channel": "SMS",
    "last_at": "2026-11-22T15:00:00Z",
    "unread": 1,
    "channels": ["SMS"]
}))]
pub(super) struct ConversationView {
    #[schema(value_type = String)]
    person: PersonId,
    /// For those who may see who patients are.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    version: u64,
    /// The latest message.
    #[schema(value_type = String)]
    last: MessageId,
    /// `OUT` from the clinic, `IN` to it.
    last_direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_channel: Option<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// Messages from outside that no one of the staff has seen.
    unread: u32,
    /// The channels in use.
    channels: Vec<&'static str>,
}

impl ConversationView {
    pub(super) fn of(kept: &Kept<Conversation>, names: &Names) -> Self {
        Self {
            person: kept.person,
            name: names.get(kept.person),
            version: kept.rev(),
            last: kept.last,
            last_direction: match kept.last_direction {
                Direction::Out => "OUT",
                Direction::In => "IN",
            },
            last_channel: kept.last_channel.map(Channel::name),
            last_at: kept.last_at,
            unread: kept.unread,
            channels: kept.channels.iter().map(|channel| channel.name()).collect(),
        }
    }
}
