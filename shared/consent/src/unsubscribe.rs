//! Links that end messages without a login (RFC 8058). Looking at one changes nothing: scanners follow links.
//! Using one ends messages, as often as it is used.

use std::fmt::Write as _;

use audit::Actor;
use jiff::SignedDuration;
use kernel::{Category, ClinicId, EmailAddress, MessageId, PersonId, Phone, Timestamp};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Digest, Entity, Write, keys::UnsubscribeKey};

use crate::{
    address::Address,
    ledger::{ConsentFault, Evidence, Method, Standing},
    opt_out::opt_out,
    rules::Scope,
};

/// How long a link works: mail must let its reader out for 30 days (15 USC 7704(a)(3)); people find old mail.
const WORKS_FOR: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A link's secret. It names the clinic, so that a link finds its way without a look-up across clinics; the
/// rest is random.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(•••)")
    }
}

impl Token {
    /// A token as it stands in a link; nothing if it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        let (clinic, secret) = text.split_once('.')?;
        let fits = clinic.parse::<ClinicId>().is_ok()
            && secret.len() == 40
            && secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        fits.then(|| Self(text.to_owned()))
    }

    /// The token for a link.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The clinic whose part of the table knows the link.
    pub fn clinic(&self) -> Option<ClinicId> {
        self.0.split('.').next()?.parse().ok()
    }
}

/// The address of a link, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "SCREAMING_SNAKE_CASE")]
enum Target {
    Phone(Phone),
    Email(EmailAddress),
}

/// A link that was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsubscribe {
    token: Digest,
    to: Target,
    /// Whom the message was for.
    pub person: PersonId,
    /// The message that carried it.
    pub message: MessageId,
    /// What that message was about: the reader can end just this, or everything.
    pub category: Category,
    /// When it was made.
    pub at: Timestamp,
}

impl Entity for Unsubscribe {
    type Key = UnsubscribeKey;
    fn key(&self) -> UnsubscribeKey {
        UnsubscribeKey { token: self.token }
    }
    fn expires(&self) -> Option<Timestamp> {
        Some(self.until())
    }
}

impl Unsubscribe {
    fn until(&self) -> Timestamp {
        self.at.saturating_add(WORKS_FOR).unwrap_or(Timestamp::MAX)
    }
}

/// Makes a link in the transaction that makes the message. Devices have no links.
pub fn issue(
    table: &ClinicTable,
    write: &mut Write,
    address: &Address,
    person: PersonId,
    message: MessageId,
    category: Category,
) -> Option<Token> {
    let to = match address {
        Address::Phone(phone) => Target::Phone(phone.clone()),
        Address::Email(email) => Target::Email(email.clone()),
        Address::Device(_) => return None,
    };
    let mut secret = [0; 20];
    table.clock().random(&mut secret);
    let mut token = format!("{}.", table.clinic());
    for byte in secret {
        let _ = write!(token, "{byte:02x}");
    }
    let token = Token(token);
    let at = table.clock().now();
    write.create(&Unsubscribe { token: Digest::of(token.as_str()), to, person, message, category, at });
    Some(token)
}

/// What a link is for, for the page that asks; nothing if it is unknown, another clinic's or too old.
pub async fn look(table: &ClinicTable, token: &Token) -> Result<Option<Unsubscribe>, ConsentFault> {
    if token.clinic() != Some(table.clinic()) {
        return Ok(None);
    }
    let found = table.get::<Unsubscribe>(&UnsubscribeKey { token: Digest::of(token.as_str()) }).await?;
    Ok(found.map(table::Kept::into_value).filter(|link| table.clock().now() < link.until()))
}

/// Ends messages to the link's address: all of them, or what its message was about. Twice is once. Nothing if
/// the link is unknown, another clinic's or too old.
pub async fn follow(
    table: &ClinicTable,
    token: &Token,
    everything: bool,
) -> Result<Option<Standing>, ConsentFault> {
    let Some(link) = look(table, token).await? else { return Ok(None) };
    let scope = if everything { Scope::All } else { Scope::Category(link.category) };
    let address = match link.to {
        Target::Phone(phone) => Address::Phone(phone),
        Target::Email(email) => Address::Email(email),
    };
    let known = crate::ledger::standing(table, &address).await?;
    let ended = known.stops.iter().any(|stop| {
        stop.holds() && stop.reason == crate::ledger::StopReason::Unsubscribed && stop.scope == scope
    });
    if ended {
        return Ok(Some(known));
    }
    let evidence = Evidence::of(Method::Link, table.clock().now());
    let actor = Actor::patient(link.person);
    opt_out(table, &address, Some(link.person), scope, &actor, evidence).await.map(Some)
}
