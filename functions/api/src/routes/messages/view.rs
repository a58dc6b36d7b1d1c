//! Messages as they are shown. What was written is shown to those who may see patients' data.

use std::collections::BTreeMap;

use access::Field;
use consent::{
    GateDecision, Verdict,
    gate::{Outcome, RuleHit},
};
use edge::{Staff, Versioned};
use kernel::{AppointmentId, Channel, Masked, MessageId, PersonId, TemplateId, Timestamp};
use messaging::{Attempt, AttemptStatus, Body, Direction, Ended, Message, Route, Source, Status};
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

/// A message in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "msg_01m8cz00000000000000000000",
    "version": 4,
    "direction": "OUT",
    "person": "per_01m8cz00000000000000000000",
    "channel": "SMS",
    "category": "APPOINTMENT",
    "source": { "kind": "REMINDER", "rule": "rul_01m8cz00000000000000000000" },
    "status": "DELIVERED",
    "text": "Bright Smiles: Ana, your visit is on Tue, Nov 24 at 2:30 PM. Reply C to confirm.",
    "template": { "id": "tpl_01m8cz00000000000000000000", "version": 2 },
    "send_at": "2026-11-22T15:00:00Z",
    "created_at": "2026-11-20T10:12:00Z"
}))]
pub(crate) struct MessageRow {
    #[schema(value_type = String)]
    id: MessageId,
    version: u64,
    /// `OUT` from the clinic, `IN` to it.
    direction: &'static str,
    /// Whom it concerns.
    #[schema(value_type = String)]
    person: PersonId,
    /// The way it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
    category: &'static str,
    /// `kind` is `STAFF` (with `by`), `REMINDER` (with `rule`), `REPLY` (with `to`), `DIGEST` or `OUTSIDE`.
    #[schema(value_type = Object)]
    source: Source,
    /// `SCHEDULED`, `QUEUED`, `SENDING`, `SENT`, `DELIVERED`, `READ`, `FAILED`, `BOUNCED`, `UNKNOWN`,
    /// `CANCELLED`, `SKIPPED` or `EXPIRED`.
    status: &'static str,
    /// The subject, of e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What it says; of a template once it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<TemplateRef>,
    /// When it is or was to go out.
    #[schema(value_type = String, format = DateTime)]
    send_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Why it ended or waits: `code` and `says`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    because: Option<Ended>,
    /// The message it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    resend_of: Option<MessageId>,
}

/// A template in one exact version.
#[derive(Debug, Serialize, ToSchema)]
struct TemplateRef {
    #[schema(value_type = String)]
    id: TemplateId,
    version: u32,
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "OUT",
        Direction::In => "IN",
    }
}

impl MessageRow {
    pub(crate) fn of(kept: &Kept<Message>, staff: &Staff) -> Self {
        let message: &Message = kept;
        let (subject, text) = match (&message.said, &message.body) {
            (Some(said), _) => (said.subject.as_ref(), Some(&said.text)),
            (None, Some(Body::Text { subject, text })) => (subject.as_ref(), Some(text)),
            _ => (None, None),
        };
        let content = Field::of_message(message.category);
        let seen = |value: Option<&Masked<String>>| value.and_then(|v| staff.sees(content, v)).cloned();
        let template = match &message.body {
            Some(Body::Template { template, version, .. }) => {
                Some(TemplateRef { id: *template, version: *version })
            }
            _ => None,
        };
        Self {
            id: message.id,
            version: kept.rev(),
            direction: direction(message.direction),
            person: message.person,
            channel: message.channel.map(Channel::name),
            category: message.category.name(),
            source: message.source.clone(),
            status: message.status.name(),
            subject: seen(subject),
            text: seen(text),
            template,
            send_at: message.send_at,
            created_at: message.created_at,
            because: message.ended.clone(),
            resend_of: message.resend_of,
        }
    }
}

/// A message with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "msg_01m8cz00000000000000000000",
    "version": 4,
    "direction": "OUT",
    "person": "per_01m8cz00000000000000000000",
    "channel": "SMS",
    "category": "APPOINTMENT",
    "source": { "kind": "STAFF", "by": "usr_01m8cz00000000000000000000" },
    "status": "SENT",
    "text": "Your parking permit is at the desk.",
    "send_at": "2026-11-22T15:00:00Z",
    "created_at": "2026-11-22T15:00:00Z",
    "route": ["SMS"],
    "address": "+12125550123",
    "times": { "QUEUED": "2026-11-22T15:00:00Z", "SENT": "2026-11-22T15:00:01Z" },
    "decision": { "verdict": "ALLOW", "channel": "SMS", "at": "2026-11-22T15:00:00Z", "rules": [] },
    "attempts": [{ "n": 1, "provider": "TWILIO", "status": "SENT", "at": "2026-11-22T15:00:00Z" }]
}))]
pub(super) struct MessageDetail {
    #[serde(flatten)]
    row: MessageRow,
    /// Who gets it, if somebody answers for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    recipient: Option<PersonId>,
    /// The channels it may take, in order; none stands for the recipient's own order.
    route: Vec<&'static str>,
    /// The number or mailbox it went to or came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// When it came into each status.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    times: BTreeMap<Status, Timestamp>,
    /// When it was first meant to go out, if the rules have moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    shifted_from: Option<Timestamp>,
    /// When it would be useless.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    not_after: Option<Timestamp>,
    /// The visit it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    appointment: Option<AppointmentId>,
    /// Values that were given for variables, by path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<String, String>,
    /// Of a digest: what was collected for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pieces: Vec<PieceView>,
    /// What was said, word for word.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<SnapshotView>,
    /// What the send gate decided last, with every rule it looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<GateDecisionView>,
    /// The tries at handing it to a provider.
    attempts: Vec<AttemptView>,
    /// The answer to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    replied: Option<ReplyRef>,
}

/// Something that was collected for a digest.
#[derive(Debug, Serialize, ToSchema)]
struct PieceView {
    #[schema(value_type = String)]
    id: MessageId,
    /// As of a message.
    #[schema(value_type = Object)]
    source: Source,
    /// For those whose work needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// When it was collected.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// What was said, word for word.
#[derive(Debug, Serialize, ToSchema)]
struct SnapshotView {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// How many segments a text message took.
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<usize>,
    /// A value was cut to the room it has.
    truncated: bool,
}

/// What the send gate decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GateDecisionView {
    /// `ALLOW`, `SHIFT`, `SWAP` or `REFUSE`.
    verdict: &'static str,
    /// When it may go out, of a `SHIFT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// The weightiest reason, of a `REFUSE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The same as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<&'static str>,
    /// The channel it is about, or to use instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Every rule that was looked at.
    rules: Vec<GateRule>,
}

/// A rule that was looked at.
#[derive(Debug, Serialize, ToSchema)]
struct GateRule {
    /// The rule, named by what it says when it is not met.
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
    /// `PASS`, `FAIL`, `SHIFT` or `EXEMPT`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// What decided.
    #[serde(skip_serializing_if = "String::is_empty")]
    saw: String,
}

impl From<&RuleHit> for GateRule {
    fn from(hit: &RuleHit) -> Self {
        Self {
            rule: hit.rule.code(),
            channel: hit.channel.map(Channel::name),
            outcome: hit.outcome,
            saw: hit.saw.clone(),
        }
    }
}

impl From<&GateDecision> for GateDecisionView {
    fn from(decision: &GateDecision) -> Self {
        let (verdict, to, reason, swap) = match decision.verdict() {
            Verdict::Allow => ("ALLOW", None, None, None),
            Verdict::Shift { to } => ("SHIFT", Some(to), None, None),
            Verdict::Swap { channel } => ("SWAP", None, None, Some(channel)),
            Verdict::Refuse { reason } => ("REFUSE", None, Some(reason), None),
        };
        Self {
            verdict,
            to,
            reason: reason.map(consent::Reason::code),
            says: reason.map(consent::Reason::sentence),
            channel: swap.or(decision.channel()).map(Channel::name),
            at: decision.at(),
            rules: decision.rules().iter().map(GateRule::from).collect(),
        }
    }
}

/// One try at handing a message to a provider.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptView {
    /// From 1.
    n: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'static str>,
    /// Through which of the clinic's accounts at providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// `PENDING`, `UNKNOWN`, `SENT`, `FAILED`, `DELIVERED`, `BOUNCED`, `OPENED`, `CLICKED`, `UNSUBSCRIBED` or
    /// `COMPLAINED`.
    #[schema(value_type = String)]
    status: AttemptStatus,
    /// The provider's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// A machine opened it; counts as nothing.
    machine_open: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<AttemptErrorView>,
}

/// Why a try failed.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptErrorView {
    /// The provider's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What happened, in one sentence.
    says: String,
    /// What the provider answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<String>,
}

impl AttemptView {
    fn of(attempt: &Attempt, content: Field, staff: &Staff) -> Self {
        Self {
            n: attempt.n,
            provider: attempt.provider.map(providers::Provider::name),
            account: attempt.account.clone(),
            status: attempt.status,
            provider_id: attempt.provider_id.clone(),
            at: attempt.at,
            ended_at: attempt.ended_at,
            machine_open: attempt.machine_open,
            error: attempt.error.as_ref().map(|error| AttemptErrorView {
                code: error.code.clone(),
                says: error.says.clone(),
                reply: error.text.as_ref().and_then(|text| staff.sees(content, text)).cloned(),
            }),
        }
    }
}

/// The answer to a message.
#[derive(Debug, Serialize, ToSchema)]
struct ReplyRef {
    #[schema(value_type = String)]
    message: MessageId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl MessageDetail {
    pub(super) fn of(kept: &Kept<Message>, staff: &Staff) -> Self {
        let message: &Message = kept;
        let content = Field::of_message(message.category);
        let full = staff.shows(content);
        let route = match &message.route {
            Route::Auto => Vec::new(),
            Route::FirstOf(channels) => channels.iter().map(|channel| channel.name()).collect(),
            Route::Only(channel) => vec![channel.name()],
        };
        let address = message.address.as_ref().filter(|_| staff.shows(Field::PersonContacts));
        let address = address.map(|address| match address {
            providers::Address::Phone(phone) => phone.as_str().to_owned(),
            providers::Address::Email(email) => email.as_str().to_owned(),
            // Whoever holds the token can push to the device; its end is enough to tell devices apart.
            providers::Address::Device(token) => {
                let token = token.reveal();
                format!(
                    "…{}",
                    token.chars().skip(token.chars().count().saturating_sub(4)).collect::<String>()
                )
            }
        });
        let variables = match &message.body {
            Some(Body::Template { values, .. }) if full => {
                values.iter().map(|(path, value)| (path.clone(), value.reveal().clone())).collect()
            }
            _ => BTreeMap::new(),
        };
        let plain = |value: &Masked<String>| value.reveal().clone();
        let piece = |piece: &messaging::Piece| PieceView {
            id: piece.id,
            source: piece.source.clone(),
            text: staff.sees(content, &piece.text).cloned(),
            at: piece.at,
        };
        Self {
            row: MessageRow::of(kept, staff),
            recipient: message.recipient,
            route,
            address,
            times: message.times.clone(),
            shifted_from: message.shifted_from,
            not_after: message.not_after,
            appointment: message.about.as_ref().map(|about| about.appointment),
            variables,
            pieces: message.pieces.iter().map(piece).collect(),
            snapshot: message.said.as_ref().filter(|_| full).map(|said| SnapshotView {
                subject: said.subject.as_ref().map(plain),
                text: plain(&said.text),
                html: said.html.as_ref().map(plain),
                language: said.language.as_ref().map(|language| language.as_str().to_owned()),
                segments: said.segments,
                truncated: said.truncated,
            }),
            decision: message.decision.as_ref().map(GateDecisionView::from),
            attempts: message
                .attempts
                .iter()
                .map(|attempt| AttemptView::of(attempt, content, staff))
                .collect(),
            replied: message.replied.map(|(message, at)| ReplyRef { message, at }),
        }
    }

    pub(super) fn versioned(kept: &Kept<Message>, staff: &Staff) -> Versioned<Self> {
        Versioned(kept.rev(), Self::of(kept, staff))
    }
}

/// A message that will go out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "msg_01m8cz00000000000000000000", "status": "QUEUED", "send_at": "2026-11-22T15:00:00Z"
}))]
pub(crate) struct Accepted {
    #[schema(value_type = String)]
    id: MessageId,
    /// `QUEUED`, or `SCHEDULED` if its time is ahead.
    status: &'static str,
    /// What was asked for, within a message that collects several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    piece: Option<MessageId>,
    /// When it is to go out.
    #[schema(value_type = String, format = DateTime)]
    send_at: Timestamp,
}

impl Accepted {
    /// A message that was asked for under an id; another message holds it as a piece.
    pub(crate) fn of(message: &Message, asked: MessageId) -> Self {
        let piece = (message.id != asked).then_some(asked);
        Self { id: message.id, status: message.status.name(), piece, send_at: message.send_at }
    }
}

impl From<&Message> for Accepted {
    fn from(message: &Message) -> Self {
        Self::of(message, message.id)
    }
}
