//! A message in either direction, with all that is known of it. One item of the table.

use std::collections::BTreeMap;

use consent::GateDecision;
use kernel::{
    AppointmentId, Category, Channel, ClinicId, Job, Lane, Language, Masked, MessageId, PersonId, RawJob,
    RuleId, TemplateId, Timestamp,
};
use people::appointments;
use providers::Address;
use serde::{Deserialize, Serialize};
use table::{
    Entity,
    keys::{MessageKey, MessagesByTime, MessagesOfPerson, Place},
};

use crate::{Attempt, Direction, Ended, Piece, Status};

/// Which way a message is to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Route {
    /// The first usable one in the recipient's own order.
    Auto,
    /// The first usable one of these.
    FirstOf(Vec<Channel>),
    /// This one only.
    Only(Channel),
}

/// What a message is to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Body {
    /// A template in one exact version, written with the facts of the moment it is sent.
    Template {
        /// The template.
        template: TemplateId,
        /// Its version.
        version: u32,
        /// Values for variables that no fact gives, by path.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        values: BTreeMap<String, Masked<String>>,
    },
    /// Words as somebody wrote them.
    Text {
        /// The subject, for e-mail.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<Masked<String>>,
        /// The text.
        text: Masked<String>,
    },
}

/// What was sent or received, word for word; stays as it is whatever becomes of the template.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// The subject, for e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Masked<String>>,
    /// The text.
    pub text: Masked<String>,
    /// The HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<Masked<String>>,
    /// The language it is in, if it came from a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// How many segments a text message takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<usize>,
    /// A value was cut to its budget.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// The visit a message speaks of, and what must still be true of it for the message to make sense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The visit.
    pub appointment: AppointmentId,
    /// Its generation when the message was planned; another one makes the message void.
    pub generation: u32,
    /// The statuses in which the message makes sense; empty for any open one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<appointments::Status>,
    /// Also send to those whom an attempt to reach has failed.
    #[serde(default)]
    pub out_of_reach: bool,
    /// Pointless once the patient has confirmed.
    #[serde(default)]
    pub unless_confirmed: bool,
}

/// What a message asks, so that an answer can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Asks {
    /// Whether the patient will come.
    Confirmation,
}

/// Who or what made a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Source {
    /// A member of staff, or another system with a key.
    Staff {
        /// Who.
        by: String,
    },
    /// A rule that reminds of visits.
    Reminder {
        /// The rule.
        rule: RuleId,
    },
    /// An answer that goes out by itself, such as help or the confirmation of an opt-out.
    Reply {
        /// To which message.
        to: MessageId,
        /// When a keyword came in that this answers; such an answer may go to who has just opted out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyword_at: Option<Timestamp>,
    },
    /// It holds what its reader does not want one by one.
    Digest {
        /// Whether nobody looked at what is in it.
        automatic: bool,
    },
    /// Somebody outside wrote it.
    Outside,
}

impl Source {
    /// Whether nobody looked at it before it went.
    pub fn is_automatic(&self) -> bool {
        match self {
            Self::Staff { .. } | Self::Outside => false,
            Self::Digest { automatic } => *automatic,
            Self::Reminder { .. } | Self::Reply { .. } => true,
        }
    }
}

/// A message that is to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id; derive it from what causes the message and the same cause makes no second one.
    pub id: MessageId,
    /// Whom it concerns; minors are written to through their guardians.
    pub person: PersonId,
    /// Which way.
    pub route: Route,
    /// What it is about; decides consent, caps and windows.
    pub category: Category,
    /// What it says.
    pub body: Body,
    /// When; at once if that is not ahead.
    pub send_at: Timestamp,
    /// When it would be useless.
    pub not_after: Option<Timestamp>,
    /// The visit it speaks of.
    pub about: Option<About>,
    /// What it asks.
    pub asks: Option<Asks>,
    /// Who or what made it.
    pub source: Source,
    /// The message it repeats.
    pub resend_of: Option<MessageId>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The id.
    pub id: MessageId,
    /// Which way it goes.
    pub direction: Direction,
    /// Whom it concerns.
    pub person: PersonId,
    /// Who gets it or wrote it, if that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<PersonId>,
    /// Which way it is to take.
    pub route: Route,
    /// The way it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The address it went to or came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What it is about.
    pub category: Category,
    /// Who or what made it.
    pub source: Source,
    /// What it is to say; absent for what came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Of a digest: what was collected, in the order it came up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Piece>,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Snapshot>,
    /// How far it is.
    pub status: Status,
    /// When it came into each status, by name.
    #[serde(default)]
    pub times: BTreeMap<Status, Timestamp>,
    /// Why it ended or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// When it is to go out; also names its due item.
    pub send_at: Timestamp,
    /// When it was first meant to go out, if the send gate has moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifted_from: Option<Timestamp>,
    /// When it would be useless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// The visit it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// What it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asks>,
    /// What the send gate decided last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<GateDecision>,
    /// The tries so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Until when the sender that claimed it may be at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_until: Option<Timestamp>,
    /// The message it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resend_of: Option<MessageId>,
    /// The answer to it, and when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replied: Option<(MessageId, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Message {
    /// A message that goes out, as it is first written down.
    pub fn from_draft(draft: Draft, now: Timestamp) -> Self {
        let status = if draft.send_at > now { Status::Scheduled } else { Status::Queued };
        Self {
            id: draft.id,
            direction: Direction::Out,
            person: draft.person,
            recipient: None,
            route: draft.route,
            channel: None,
            address: None,
            category: draft.category,
            source: draft.source,
            body: Some(draft.body),
            pieces: Vec::new(),
            said: None,
            status,
            times: BTreeMap::from([(status, now)]),
            ended: None,
            send_at: draft.send_at.max(now),
            shifted_from: None,
            not_after: draft.not_after,
            about: draft.about,
            asks: draft.asks,
            decision: None,
            attempts: Vec::new(),
            claimed_until: None,
            resend_of: draft.resend_of,
            replied: None,
            created_at: now,
        }
    }

    /// The same message in another status, with the time of the change noted.
    #[must_use]
    pub fn moved(mut self, to: Status, at: Timestamp) -> Self {
        if self.status != to {
            self.status = to;
            self.times.entry(to).or_insert(at);
        }
        self
    }

    /// The name of its due item.
    pub fn due_id(&self) -> String {
        self.id.to_string()
    }

    /// The request to send it.
    pub fn request(&self, clinic: ClinicId) -> SendRequested {
        SendRequested { clinic, message: self.id }
    }
}

impl Entity for Message {
    type Key = MessageKey;
    const WORDS: &'static [&'static [u8]] = &[include_bytes!("../data/message_words.1.txt")];

    fn state(&self) -> Option<&'static str> {
        Some(self.status.name())
    }

    fn key(&self) -> MessageKey {
        MessageKey { message: self.id }
    }

    /// By when it was due: its sending changes nothing about that, so the list costs the sender nothing.
    fn listed(&self) -> Option<Place> {
        let never = matches!(self.status, Status::Cancelled | Status::Skipped | Status::Expired);
        let category = self.category.name().to_owned();
        (self.direction == Direction::Out && !never)
            .then(|| MessagesByTime { category, at: self.send_at, message: self.id }.into())
    }

    fn held(&self) -> Option<Place> {
        Some(MessagesOfPerson { person: self.person, message: self.id }.into())
    }
}

/// As many messages as one job may ask for: what the sender claims in one call.
pub(crate) const SENDS: usize = 25;

/// Messages are due: send them, as far as they still make sense. Queues are billed by the request, so that what is due
/// at the same minute travels together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendsRequested {
    /// Which; up to 25.
    pub sends: Vec<SendRequested>,
}

impl Job for SendsRequested {
    const TYPE: &'static str = "sends_requested.1";
    const LANE: Lane = Lane::Outbound;
}

impl SendsRequested {
    /// The requests as they travel: together, and a single one as it is.
    pub fn packed(requests: &[SendRequested]) -> Vec<RawJob> {
        let pack = |some: &[SendRequested]| match some {
            [one] => one.raw(),
            many => Self { sends: many.to_vec() }.raw(),
        };
        requests.chunks(SENDS).map(pack).collect()
    }
}

/// A message is due: send it, if it still makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SendRequested {
    /// Whose.
    pub clinic: ClinicId,
    /// Which.
    pub message: MessageId,
}

impl Job for SendRequested {
    const TYPE: &'static str = "send_requested.1";
    const LANE: Lane = Lane::Outbound;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_messages_were_packed_over_are_never_changed() {
        let digests: Vec<_> = Message::WORDS
            .iter()
            .map(|words| table::Digest::of(std::str::from_utf8(words).unwrap()).to_string())
            .collect();
        assert_eq!(digests, ["aeec650755537797174b0e008a61f05e"]);
    }

    #[test]
    fn a_single_request_travels_as_it_is_and_many_travel_together() {
        let one = SendRequested { clinic: ClinicId::FIRST, message: MessageId::FIRST };
        assert!(SendsRequested::packed(&[]).is_empty());
        assert_eq!(SendsRequested::packed(&[one]), [one.raw()]);
        let packed = SendsRequested::packed(&[one; 51]);
        let sizes = packed[..2].iter().map(|job| job.read::<SendsRequested>().unwrap().unwrap().sends.len());
        assert_eq!(sizes.collect::<Vec<_>>(), [25, 25]);
        assert_eq!(packed[2], one.raw());
    }
}
