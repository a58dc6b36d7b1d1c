//! What somebody does not want at once is collected into one message.
//!
//! A digest is a message that waits for its time and grows: what comes up is added to it in one transaction, and
//! the sender claims and sends it like any other. So it is sent at most once whatever ticks or dies, and there
//! is none with nothing in it. The send gate judges a message by what it is about, therefore each kind of
//! message has a digest of its own.

use audit::Actor;
use consent::Frequency;
use consent::preference::Preference;
use jiff::SignedDuration;
use kernel::{Channel, Id as _, Language, Masked, MessageId, Timestamp};
use platform::Platform;
use serde::{Deserialize, Serialize};
use table::{
    ClinicTable, Entity, Kept, TableFault, WriteFault,
    keys::{CollectedKey, MessageKey},
};
use templates::Value;

use crate::{
    Body, ChangeFault, CreateFault, Draft, Ended, Message, Readers, Route, Source, Status,
    cancel::read,
    create::{LONGEST_TEXT, checked, configured, create, current},
    plan, take_back, values_of,
};

/// The longest digest on channels other than text messages, in characters.
const LONGEST_MAIL: usize = 20_000;
/// How long after its digest it is known that something was collected: longer than anybody asks again.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// Digests of one kind for one morning, and tries against others who write at the same time.
const MOST: usize = 32;

/// Something that was collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Its id; the same is collected once.
    pub id: MessageId,
    /// Who or what made it.
    pub source: Source,
    /// What it says.
    pub text: Masked<String>,
    /// When it was collected.
    pub at: Timestamp,
}

/// That something was collected, so that it is collected once, whatever its reader wants by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Collected {
    piece: MessageId,
    digest: MessageId,
    until: Timestamp,
}

impl Entity for Collected {
    type Key = CollectedKey;

    fn key(&self) -> CollectedKey {
        CollectedKey { piece: self.piece }
    }

    fn expires(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// Where and when something is to be collected.
struct Slot {
    person: kernel::PersonId,
    channel: Channel,
    at: Timestamp,
    text: String,
}

/// Makes a message, or adds it to the digest that its reader wants instead; gives back the one that will be
/// sent. Doing it again under the same id changes nothing.
pub async fn send_or_collect(
    platform: &Platform,
    table: &ClinicTable,
    actor: &Actor,
    draft: Draft,
) -> Result<Message, CreateFault> {
    checked(&draft, platform.clock.now())?;
    if let Some(digest) = holder(table, draft.id).await? {
        return Ok(digest);
    }
    match slot(table, &draft).await? {
        Some(slot) if table.get::<Message>(&MessageKey { message: draft.id }).await?.is_none() => {
            configured(table, &draft).await?;
            collect(table, actor, &draft, &slot).await
        }
        _ => create(platform, table, actor, draft).await,
    }
}

/// The digest that something was collected into before.
async fn holder(table: &ClinicTable, piece: MessageId) -> Result<Option<Message>, TableFault> {
    let Some(collected) = table.get::<Collected>(&CollectedKey { piece }).await? else { return Ok(None) };
    let digest = table.get::<Message>(&MessageKey { message: collected.digest }).await?;
    Ok(digest.map(Kept::into_value))
}

/// The digest that a message belongs into; none if it goes out by itself.
async fn slot(table: &ClinicTable, draft: &Draft) -> Result<Option<Slot>, TableFault> {
    let by_itself = draft.about.is_some()
        || draft.asks.is_some()
        || draft.resend_of.is_some()
        || matches!(draft.source, Source::Reply { .. })
        || !Frequency::may_collect(draft.category);
    if by_itself {
        return Ok(None);
    }
    let Some(person) = current(table, draft.person).await? else { return Ok(None) };
    let readers = Readers::of(table, person).await?;
    let Some(clinic) = &readers.clinic else { return Ok(None) };
    let now = table.clock().now();
    let reader = readers.reader(draft.category, now);
    let Some(kept) = consent::preference(table, reader.id).await? else { return Ok(None) };
    let stated = &kept.preference;
    if stated.frequency.values().all(|wanted| *wanted == Frequency::Immediate) {
        return Ok(None);
    }
    let Some(channel) = channel(table, draft, stated).await? else { return Ok(None) };
    let Some(at) = stated.how_often(channel).next(&clinic.zone, draft.send_at.max(now)) else {
        return Ok(None);
    };
    if draft.not_after.is_some_and(|last| last <= at) {
        return Ok(None);
    }
    let usual = clinic.language.clone();
    let wanted = stated.language.clone();
    let language = |offered: &[Language]| {
        let stated = wanted.clone().filter(|wanted| offered.contains(wanted));
        stated.unwrap_or_else(|| reader.language_among(offered, &usual).clone())
    };
    let text = match &draft.body {
        Body::Text { subject, text } => headed(subject.as_ref(), text),
        Body::Template { template, version, values } => {
            // What cannot be filled now goes the usual way, on which the desk is told why.
            let Ok(version) = templates::version(table, *template, *version).await else { return Ok(None) };
            let Ok(ceilings) = templates::ceilings(table).await else { return Ok(None) };
            if !version.content.above(&ceilings, channel).is_empty() {
                return Ok(None);
            }
            let mut filled = values_of(table, clinic, &readers.person, reader, None).await?;
            for (path, value) in values {
                filled.put(path, Value::Text(value.reveal().clone()));
            }
            let offered: Vec<_> = version.content.languages().keys().cloned().collect();
            let Ok(rendered) = version.render(channel, &language(&offered), &filled) else { return Ok(None) };
            headed(rendered.subject.as_ref(), &rendered.text)
        }
    };
    Ok(Some(Slot { person: readers.person.id, channel, at, text }))
}

/// The channel that a message would take first.
async fn channel(
    table: &ClinicTable,
    draft: &Draft,
    stated: &Preference,
) -> Result<Option<Channel>, TableFault> {
    Ok(match &draft.route {
        Route::Only(channel) => Some(*channel),
        Route::FirstOf(channels) => channels.first().copied(),
        Route::Auto => {
            if let Some(channels) = &stated.channels {
                channels.first().copied()
            } else {
                let own = consent::settings(table).await?.map(Kept::into_value).unwrap_or_default();
                own.defaults.of(draft.category).and_then(|channels| channels.first().copied())
            }
        }
    })
}

fn headed(subject: Option<&Masked<String>>, text: &Masked<String>) -> String {
    let text = text.reveal().trim();
    subject.map_or_else(|| text.to_owned(), |subject| format!("{}\n{text}", subject.reveal().trim()))
}

fn body(pieces: &[Piece]) -> Body {
    let texts: Vec<_> = pieces.iter().map(|piece| piece.text.reveal().as_str()).collect();
    Body::Text { subject: None, text: texts.join("\n\n").into() }
}

fn fits(pieces: &[Piece], channel: Channel) -> bool {
    let most = if channel == Channel::Email { LONGEST_MAIL } else { LONGEST_TEXT };
    let texts: usize = pieces.iter().map(|piece| piece.text.reveal().chars().count() + 2).sum();
    texts <= most + 2
}

async fn collect(
    table: &ClinicTable,
    actor: &Actor,
    draft: &Draft,
    slot: &Slot,
) -> Result<Message, CreateFault> {
    let automatic = draft.source.is_automatic();
    let mut nth = 0;
    for _ in 0..MOST {
        let now = table.clock().now();
        let id = digest_id(table, draft, slot, automatic, nth);
        let kept = table.get::<Message>(&MessageKey { message: id }).await?;
        let piece =
            Piece { id: draft.id, source: draft.source.clone(), text: slot.text.clone().into(), at: now };
        let mut pieces = kept.as_ref().map(|kept| kept.pieces.clone()).unwrap_or_default();
        pieces.push(piece);
        // One that is full, under way or ended takes nothing in any more: the next one does.
        if kept.as_ref().is_some_and(|kept| !kept.status.is_pending() || !fits(&pieces, slot.channel)) {
            nth += 1;
            continue;
        }
        let mut write = table.write();
        let next = if let Some(kept) = &kept {
            let next = Message { body: Some(body(&pieces)), pieces, ..(**kept).clone() };
            write.replace(kept, &next);
            next
        } else {
            let digest = Draft {
                id,
                person: slot.person,
                route: Route::Only(slot.channel),
                category: draft.category,
                body: body(&pieces),
                send_at: slot.at,
                not_after: None,
                about: None,
                asks: None,
                source: Source::Digest { automatic },
                resend_of: None,
            };
            let next = Message { pieces, ..Message::from_draft(digest, now) };
            plan(&mut write, &next);
            next
        };
        let until = slot.at.saturating_add(KEPT).unwrap_or(slot.at);
        write.create(&Collected { piece: draft.id, digest: id, until });
        let deed = actor.did("message.collected").on("message", id).patient(slot.person);
        write.create(&deed.change_of("piece", None, Some(audit::Plain::id(draft.id))).entry(table));
        match write.commit().await {
            Ok(()) => return Ok(next),
            // Somebody else added to it or this very thing, or the sender has it now: look again.
            Err(fault) if fault.is_conflict() => {
                if let Some(digest) = holder(table, draft.id).await? {
                    return Ok(digest);
                }
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(WriteFault::Contended.into())
}

/// The same for everything that is collected for one morning, and in the order of that morning.
fn digest_id(table: &ClinicTable, draft: &Draft, slot: &Slot, automatic: bool, nth: usize) -> MessageId {
    let parts = [
        "digest",
        &table.clinic().to_string(),
        &slot.person.to_string(),
        slot.channel.name(),
        draft.category.name(),
        if automatic { "automatic" } else { "by hand" },
        &nth.to_string(),
    ];
    MessageId::derived_at(slot.at, &parts)
}

/// Takes something out of a digest that waits. With the last of it the digest ends: one with nothing in it is
/// not sent.
pub async fn take_out(
    table: &ClinicTable,
    actor: &Actor,
    digest: MessageId,
    piece: MessageId,
) -> Result<Kept<Message>, ChangeFault> {
    for _ in 0..MOST {
        let now = table.clock().now();
        let kept = read(table, digest, None).await?;
        let pieces: Vec<_> = kept.pieces.iter().filter(|one| one.id != piece).cloned().collect();
        if pieces.len() == kept.pieces.len() {
            return Err(ChangeFault::NotFound(piece));
        }
        if !kept.status.is_pending() {
            return Err(ChangeFault::TooLate { id: digest, status: kept.status });
        }
        let mut write = table.write();
        if pieces.is_empty() {
            let why = Ended::new("DIGEST_EMPTY", "all that was collected for it was taken out");
            take_back(&mut write, &kept, Status::Cancelled, why, now);
        } else {
            write.replace(&kept, &Message { body: Some(body(&pieces)), pieces, ..(*kept).clone() });
        }
        let deed = actor.did("message.taken_out").on("message", digest).patient(kept.person);
        write.create(&deed.change_of("piece", Some(audit::Plain::id(piece)), None).entry(table));
        match write.commit().await {
            Ok(()) => return read(table, digest, None).await,
            Err(fault) if fault.is_conflict() => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(WriteFault::Contended.into())
}
