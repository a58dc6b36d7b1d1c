//! What the ledger of an address amounts to: one item, so that a decision reads one item.

use kernel::{Category, Channel, EventId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{Digest, Entity, keys};

use super::{ConsentEvent, Deed};
use crate::rules::Scope;

/// How far a consent goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Nothing is recorded.
    None,
    /// The address was given for it, or it was agreed to in any recorded way.
    Express,
    /// It was agreed to in writing: signed, ticked with the text shown, or asked for by keyword.
    Written,
}

impl Level {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Express => "EXPRESS",
            Self::Written => "WRITTEN",
        }
    }
}

/// Why nothing goes to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StopReason {
    /// Mail came back for good.
    HardBounce,
    /// It is no mobile number, or no mailbox.
    Invalid,
    /// Its reader reported spam.
    Complaint,
    /// It belongs to somebody else.
    WrongNumber,
    /// Staff stopped it of their own accord.
    Staff,
    /// Its reader texted a word that ends messages.
    Keyword,
    /// Its reader followed the link that ends messages.
    Unsubscribed,
    /// The provider blocks it because its reader said so there.
    Provider,
    /// Its reader told somebody at the clinic.
    Told,
}

impl StopReason {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::HardBounce => "HARD_BOUNCE",
            Self::Invalid => "INVALID",
            Self::Complaint => "COMPLAINT",
            Self::WrongNumber => "WRONG_NUMBER",
            Self::Staff => "STAFF",
            Self::Keyword => "KEYWORD",
            Self::Unsubscribed => "UNSUBSCRIBED",
            Self::Provider => "PROVIDER",
            Self::Told => "TOLD",
        }
    }

    /// Whether it is the reader's own will, which only the reader can take back.
    pub fn is_readers_will(self) -> bool {
        match self {
            Self::HardBounce | Self::Invalid | Self::Staff => false,
            Self::Complaint
            | Self::WrongNumber
            | Self::Keyword
            | Self::Unsubscribed
            | Self::Provider
            | Self::Told => true,
        }
    }
}

/// A consent that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// For which channel.
    pub channel: Channel,
    /// For which kinds of message.
    pub categories: Vec<Category>,
    /// How far.
    pub level: Level,
    /// When.
    pub at: Timestamp,
    /// Where the ledger says so.
    pub event: EventId,
}

/// Something that stops messages. It stays when it is released: consents from before it do not come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What it stops.
    pub scope: Scope,
    /// Why.
    pub reason: StopReason,
    /// Since when.
    pub at: Timestamp,
    /// Where the ledger says so.
    pub event: EventId,
    /// When it was last released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
}

impl Stop {
    /// Whether it stops messages now. A release counts if it came after.
    pub fn holds(&self) -> bool {
        self.released_at.is_none_or(|released| released <= self.at)
    }

    fn covers(&self, category: Category) -> bool {
        self.scope == Scope::All || self.scope == Scope::Category(category)
    }
}

/// Consent and suppressions of one address of a clinic, for everybody who shares it. Folded from the ledger;
/// the same events give the same standing in whatever order they are taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The address, as a digest.
    pub address: Digest,
    /// The last characters of the address, to tell it from others in a list.
    pub ending: String,
    /// The consents that count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Given>,
    /// What stops or once stopped messages, one for each reason and scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Stop>,
    /// Persons that events were about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonId>,
}

/// Persons remembered with an address; more than a household has.
const MOST_PEOPLE: usize = 20;

impl Standing {
    /// An address that nothing is known about.
    pub fn unknown(address: Digest, ending: &str) -> Self {
        let ending = ending.to_owned();
        Self { address, ending, given: Vec::new(), stops: Vec::new(), people: Vec::new() }
    }

    /// The consent for a kind of message over a channel, suppressions aside.
    pub fn level(&self, channel: Channel, category: Category) -> Level {
        self.given
            .iter()
            .filter(|given| given.channel == channel && given.categories.contains(&category))
            .filter(|given| !self.was_revoked(given, category))
            .map(|given| given.level)
            .max()
            .unwrap_or(Level::None)
    }

    fn was_revoked(&self, given: &Given, category: Category) -> bool {
        self.stops
            .iter()
            .any(|stop| stop.reason.is_readers_will() && stop.covers(category) && stop.at >= given.at)
    }

    /// What stops a kind of message now.
    pub fn stopped(&self, category: Category) -> impl Iterator<Item = StopReason> {
        self.stops.iter().filter(move |stop| stop.holds() && stop.covers(category)).map(|stop| stop.reason)
    }

    /// Whether its reader has ended all messages.
    pub fn opted_out(&self) -> bool {
        self.stops
            .iter()
            .any(|stop| stop.holds() && stop.scope == Scope::All && stop.reason.is_readers_will())
    }

    /// Since when it is suppressed, if it is.
    pub fn suppressed_since(&self) -> Option<Timestamp> {
        self.stops.iter().filter(|stop| stop.holds()).map(|stop| stop.at).max()
    }

    /// Takes in an event of the ledger. Taking it in twice is the same as once.
    pub fn take(&mut self, event: &ConsentEvent) {
        if let Some(person) = event.person
            && !self.people.contains(&person)
            && self.people.len() < MOST_PEOPLE
        {
            self.people.push(person);
            self.people.sort_unstable();
        }
        match &event.deed {
            Deed::Granted { channel, categories, level } => {
                self.give(Given {
                    channel: *channel,
                    categories: categories.clone(),
                    level: *level,
                    at: event.at,
                    event: event.id,
                });
            }
            Deed::Stopped { scope, reason } => self.stop(*scope, *reason, event),
            Deed::Released { scope, reason } => self.release(*scope, *reason, event),
        }
    }

    fn give(&mut self, new: Given) {
        let covers = |wide: &Given, narrow: &Given| {
            wide.channel == narrow.channel
                && wide.level >= narrow.level
                && (wide.at, wide.event) >= (narrow.at, narrow.event)
                && narrow.categories.iter().all(|category| wide.categories.contains(category))
        };
        if self.given.iter().any(|given| covers(given, &new)) {
            return;
        }
        self.given.retain(|given| !covers(&new, given));
        self.given.push(new);
        self.given.sort_unstable_by_key(|given| (given.at, given.event));
    }

    fn slot(&mut self, scope: Scope, reason: StopReason, event: &ConsentEvent) -> &mut Stop {
        let at = self.stops.iter().position(|stop| stop.scope == scope && stop.reason == reason);
        let at = at.unwrap_or_else(|| {
            // Until a stop arrives the release of one stands alone: nothing has been stopped yet.
            let never = Timestamp::MIN;
            self.stops.push(Stop { scope, reason, at: never, event: event.id, released_at: Some(event.at) });
            self.stops.len() - 1
        });
        &mut self.stops[at]
    }

    fn stop(&mut self, scope: Scope, reason: StopReason, event: &ConsentEvent) {
        let fresh = !self.stops.iter().any(|stop| stop.scope == scope && stop.reason == reason);
        let slot = self.slot(scope, reason, event);
        if fresh {
            slot.released_at = None;
        }
        if (event.at, event.id) > (slot.at, slot.event) || slot.at == Timestamp::MIN {
            slot.at = event.at;
            slot.event = event.id;
        }
        self.stops.sort_unstable_by_key(|stop| (stop.scope, stop.reason));
    }

    fn release(&mut self, scope: Scope, reason: StopReason, event: &ConsentEvent) {
        let slot = self.slot(scope, reason, event);
        slot.released_at = Some(slot.released_at.map_or(event.at, |before| before.max(event.at)));
        self.stops.sort_unstable_by_key(|stop| (stop.scope, stop.reason));
    }
}

impl Entity for Standing {
    type Key = keys::StandingKey;

    fn key(&self) -> keys::StandingKey {
        keys::StandingKey { address: self.address }
    }

    fn listed(&self) -> Option<keys::Place> {
        let since = self.suppressed_since()?;
        Some(keys::SuppressedSince { at: since, address: self.address }.into())
    }
}
