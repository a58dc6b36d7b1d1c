//! The one conversation with a person: its head, as the inbox shows it.
//!
//! Heads are made from the messages by the projector. They may be told of a message twice and out of order.

use kernel::{Channel, MessageId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Entity, Kept, WriteFault,
    keys::{ConversationKey, Conversations, OnceKey, Place},
};

use crate::{Direction, Message, Status};

/// The head of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// With whom.
    pub person: PersonId,
    /// The latest message that was sent or received.
    pub last: MessageId,
    /// Which way it went.
    pub last_direction: Direction,
    /// Over which channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_channel: Option<Channel>,
    /// When.
    pub last_at: Timestamp,
    /// Messages from outside that no one of the staff has seen.
    pub unread: u32,
    /// Channels in use, in the order they came up.
    #[serde(default)]
    pub channels: Vec<Channel>,
}

impl Entity for Conversation {
    type Key = ConversationKey;

    fn key(&self) -> ConversationKey {
        ConversationKey { person: self.person }
    }

    fn listed(&self) -> Option<Place> {
        Some(Conversations { at: self.last_at, person: self.person }.into())
    }
}

/// That something was done once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// About what.
    pub of: String,
    /// What was done.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// For how long it has to be remembered.
    pub until: Timestamp,
}

impl Entity for Once {
    type Key = OnceKey;

    fn key(&self) -> OnceKey {
        OnceKey { of: self.of.clone(), what: self.what.clone() }
    }

    fn expires(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// When a message belongs into the conversation, if it does yet.
fn spoken_at(message: &Message) -> Option<Timestamp> {
    match message.direction {
        Direction::In => Some(message.created_at),
        Direction::Out => [Status::Sent, Status::Delivered, Status::Read, Status::Unknown]
            .iter()
            .find_map(|status| message.times.get(status).copied()),
    }
}

/// Whether a change of a message may change the head of its conversation.
pub fn concerns(before: Option<&Message>, after: &Message) -> bool {
    let head = |message: &Message| (spoken_at(message), message.channel);
    spoken_at(after).is_some() && before.is_none_or(|before| head(before) != head(after))
}

/// Brings the head of a conversation up to a message. Twice is once.
pub async fn follow(table: &ClinicTable, message: &Message) -> Result<(), WriteFault> {
    let Some(at) = spoken_at(message) else { return Ok(()) };
    for _ in 0..4 {
        let kept = table.get::<Conversation>(&ConversationKey { person: message.person }).await?;
        let mut head = kept.as_deref().cloned().unwrap_or(Conversation {
            person: message.person,
            last: message.id,
            last_direction: message.direction,
            last_channel: message.channel,
            last_at: at,
            unread: 0,
            channels: Vec::new(),
        });
        if at >= head.last_at {
            (head.last, head.last_direction, head.last_channel, head.last_at) =
                (message.id, message.direction, message.channel, at);
        }
        if let Some(channel) = message.channel
            && !head.channels.contains(&channel)
        {
            head.channels.push(channel);
        }
        let mut write = table.write();
        if message.direction == Direction::In {
            let until = at.checked_add(jiff::SignedDuration::from_hours(24 * 30)).unwrap_or(Timestamp::MAX);
            let seen = Once { of: message.id.to_string(), what: "unread".to_owned(), at, until };
            if table.get::<Once>(&seen.key()).await?.is_some() {
                return Ok(());
            }
            head.unread += 1;
            write.create(&seen);
        }
        match &kept {
            Some(kept) if **kept == head => return Ok(()),
            Some(kept) => write.replace(kept, &head),
            None => write.create(&head),
        };
        match write.commit().await {
            Err(fault) if fault.is_conflict() => {}
            other => return other,
        }
    }
    Err(WriteFault::Contended)
}

/// Marks everything up to now as seen. `None` if there is no conversation.
pub async fn mark_read(
    table: &ClinicTable,
    person: PersonId,
) -> Result<Option<Kept<Conversation>>, WriteFault> {
    let Some(kept) = table.get::<Conversation>(&ConversationKey { person }).await? else { return Ok(None) };
    if kept.unread == 0 {
        return Ok(Some(kept));
    }
    let head = Conversation { unread: 0, ..(*kept).clone() };
    let mut write = table.write();
    write.replace(&kept, &head);
    write.commit().await?;
    Ok(Some(kept.followed_by(head)))
}
