//! Making a message that goes out.

use audit::Actor;
use kernel::{Detail, Fault, Kind, MessageId, PersonId, TemplateId, Timestamp};
use people::{Clinic, Person};
use platform::Platform;
use table::{
    ClinicTable, Kept, TableFault, WriteFault,
    keys::{AccountsKey, ClinicKey, MessageKey, PersonKey},
};

use crate::{Body, Draft, Message, Route, SendRequested, accounts::Accounts, plan};

/// The longest text of any message, in characters; a text message of it takes eleven segments.
pub const LONGEST_TEXT: usize = 1_600;

/// Why a message was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateFault {
    /// There is no such person, or they belong to another clinic.
    #[error("there is no person {0}")]
    NoPerson(PersonId),
    /// There is no such template or version.
    #[error("there is no template {0} in this version")]
    NoTemplate(TemplateId),
    /// It would say nothing.
    #[error("the message says nothing")]
    Empty,
    /// It is longer than any way takes.
    #[error("the text has {0} characters")]
    TooLong(usize),
    /// The clinic can send on none of the channels it is to take.
    #[error("no account is set up for the channel")]
    NotConfigured,
    /// Its time lies in the past.
    #[error("the time to send at has passed")]
    Past,
    /// It would be useless before it is sent.
    #[error("the message would expire before it is sent")]
    ExpiresFirst,
    /// There is another message under this id.
    #[error("there is another message {0}")]
    Taken(MessageId),
    /// A template could not be read just now.
    #[error("a template cannot be read now ({0})")]
    Away(&'static str),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for CreateFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for CreateFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NoPerson(_) | Self::NoTemplate(_) => Kind::NotFound,
            Self::Taken(_) | Self::NotConfigured => Kind::Conflict,
            Self::Away(_) => Kind::Unavailable,
            Self::Write(fault) => fault.kind(),
            _ => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoPerson(_) => "person_not_found",
            Self::NoTemplate(_) => "template_not_found",
            Self::Empty => "message_empty",
            Self::TooLong(_) => "text_too_long",
            Self::NotConfigured => "channel_not_configured",
            Self::Past => "send_at_past",
            Self::ExpiresFirst => "not_after_before_send_at",
            Self::Taken(_) => "message_exists",
            Self::Away(code) => code,
            Self::Write(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NoPerson(_) => vec![Detail::new("/person", "give the id of a person of this clinic")],
            Self::NoTemplate(_) => {
                vec![Detail::new("/template", "give a template of this clinic and one of its versions")]
            }
            Self::Empty => vec![Detail::new("/text", "write something, or name a template")],
            Self::TooLong(_) => {
                vec![Detail::new("/text", format!("write at most {LONGEST_TEXT} characters"))]
            }
            Self::NotConfigured => vec![Detail::new(
                "/channel",
                "name a channel that the clinic has a sender and an account for, or have them set up",
            )],
            Self::Past => vec![Detail::new("/send_at", "give a time ahead, or none to send at once")],
            Self::ExpiresFirst => vec![Detail::new("/not_after", "give a time after send_at")],
            Self::Taken(_) | Self::Away(_) => Vec::new(),
            Self::Write(fault) => fault.details(),
        }
    }
}

/// Follows a person through merges to the one who is there now.
pub(crate) async fn current(
    table: &ClinicTable,
    mut id: PersonId,
) -> Result<Option<Kept<Person>>, TableFault> {
    // A chain of merges is short; a circle cannot be, but would end here.
    for _ in 0..5 {
        let Some(person) = table.get::<Person>(&PersonKey { person: id }).await? else { return Ok(None) };
        match person.merged_into {
            Some(next) => id = next,
            None => return Ok(Some(person).filter(|kept| kept.deleted_at.is_none())),
        }
    }
    Ok(None)
}

/// Whether a message can be sent at all, as far as that can be told before anything is read.
pub(crate) fn checked(draft: &Draft, now: Timestamp) -> Result<(), CreateFault> {
    if let Body::Text { text, .. } = &draft.body {
        let length = text.reveal().trim().chars().count();
        if length == 0 {
            return Err(CreateFault::Empty);
        }
        if length > LONGEST_TEXT {
            return Err(CreateFault::TooLong(length));
        }
    }
    if draft.not_after.is_some_and(|end| end <= draft.send_at.max(now)) {
        return Err(CreateFault::ExpiresFirst);
    }
    Ok(())
}

/// Whether the clinic can send on one of the channels that a message is to take; which one that is, and whether any
/// leads to the person, is found out when it is sent.
async fn is_configured(table: &ClinicTable, route: &Route) -> Result<bool, TableFault> {
    let channels = match route {
        Route::Auto => return Ok(true),
        Route::Only(channel) => std::slice::from_ref(channel),
        Route::FirstOf(channels) => channels,
    };
    // What was set up a moment ago counts: only an answer of now can say no.
    for exact in [false, true] {
        let mut reads = table.reads();
        reads.want(table, &ClinicKey {}).want(table, &AccountsKey {});
        let found = if exact { reads.now().await } else { reads.lately().await }?;
        let Some(clinic) = found.get::<Clinic>(table, &ClinicKey {})? else { continue };
        let accounts = Accounts::or_standard(found.get::<Accounts>(table, &AccountsKey {})?);
        if channels.iter().any(|channel| accounts.can_send(&clinic, *channel)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses a message that the clinic has no account for. One that was made before stays made: whoever asks again has
/// not heard of it.
pub(crate) async fn configured(table: &ClinicTable, draft: &Draft) -> Result<(), CreateFault> {
    if is_configured(table, &draft.route).await? {
        return Ok(());
    }
    let made = table.get::<Message>(&MessageKey { message: draft.id }).await?;
    if made.is_some() { Ok(()) } else { Err(CreateFault::NotConfigured) }
}

/// Makes a message and asks for it to be sent. Making it again under the same id gives the first one.
pub async fn create(
    platform: &Platform,
    table: &ClinicTable,
    actor: &Actor,
    mut draft: Draft,
) -> Result<Message, CreateFault> {
    let now = platform.clock.now();
    checked(&draft, now)?;
    let person = current(table, draft.person).await?.ok_or(CreateFault::NoPerson(draft.person))?;
    draft.person = person.id;
    configured(table, &draft).await?;
    if let Body::Template { template, version, .. } = &draft.body {
        templates::version(table, *template, *version).await.map_err(|fault| match fault.kind() {
            Kind::Unavailable => CreateFault::Away(fault.code()),
            _ => CreateFault::NoTemplate(*template),
        })?;
    }
    let message = Message::from_draft(draft, now);
    let mut write = table.write();
    plan(&mut write, &message);
    write
        .create(&actor.did("message.created").on("message", message.id).patient(message.person).entry(table));
    match write.commit().await {
        Ok(()) => {}
        Err(fault) if fault.is_conflict() => {
            let there = table.get::<Message>(&MessageKey { message: message.id }).await?;
            return there
                .filter(|kept| kept.person == message.person && kept.body == message.body)
                .map(Kept::into_value)
                .ok_or(CreateFault::Taken(message.id));
        }
        Err(fault) => return Err(fault.into()),
    }
    if message.send_at <= now {
        hint(platform, &[message.request(table.clinic())]).await;
    }
    Ok(message)
}

/// Tells the sender that something is due. A hint that gets lost is made up for by the minute tick.
pub(crate) async fn hint(platform: &Platform, requests: &[SendRequested]) {
    let jobs: Vec<_> = requests.iter().map(kernel::Job::raw).collect();
    if let Err(fault) = platform.queue.push(&jobs).await {
        tracing::warn!(jobs.count = jobs.len(), fault = %fault, "a hint was not pushed; the tick will find the work");
    }
}
