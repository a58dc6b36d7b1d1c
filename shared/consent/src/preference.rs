//! What people like, which is not what they allow: preferences, and the clinic's defaults.

use std::collections::BTreeMap;

use audit::Who;
use kernel::{Category, Channel, EventId, Language, PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{Entity, keys};

use crate::{frequency::Frequency, hours::Hours};

/// What a person has stated about messages. What is absent is not stated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preference {
    /// Channels that are on, in the person's order. An empty list is a wish for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Channel>>,
    /// Kinds of message switched on or off.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<Category, bool>,
    /// How often messages are wanted over a channel; at once where nothing is stated.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub frequency: BTreeMap<Channel, Frequency>,
    /// Weekdays and hours at which messages are welcome, in the person's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// The language to be written to in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

impl Preference {
    /// Whether a kind of message is wanted. What is not stated is; marketing still needs consent, which is a
    /// record of its own.
    pub fn wants(&self, category: Category) -> bool {
        self.categories.get(&category).copied().unwrap_or(true)
    }

    /// How often messages are wanted over a channel.
    pub fn how_often(&self, channel: Channel) -> Frequency {
        self.frequency.get(&channel).copied().unwrap_or_default()
    }
}

/// A person's preferences as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPreference {
    /// Whose.
    pub person: PersonId,
    /// What is stated.
    #[serde(flatten)]
    pub preference: Preference,
}

impl Entity for KeptPreference {
    type Key = keys::PreferenceKey;
    fn key(&self) -> keys::PreferenceKey {
        keys::PreferenceKey { person: self.person }
    }
}

/// What somebody stated at a time, kept for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferenceChange {
    /// The id.
    pub id: EventId,
    /// Whose preferences.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
    /// Who wrote it down.
    pub by: Who,
    /// Where it was said.
    pub source: Source,
    /// All that is stated from then on.
    pub preference: Preference,
}

/// Where a preference was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Source {
    /// By staff, for the person.
    Staff,
    /// By the person, in the portal or on a page behind a link.
    Portal,
    /// On a form.
    Form,
    /// In another system.
    Import,
}

impl Entity for PreferenceChange {
    type Key = keys::PreferenceChangeKey;
    fn key(&self) -> keys::PreferenceChangeKey {
        keys::PreferenceChangeKey { person: self.person, at: self.at, event: self.id }
    }
}

/// Which channels a clinic uses for people who have stated none, per kind of message. A kind that is not named
/// has no default: such messages reach only people who have stated something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Defaults(pub BTreeMap<Category, Vec<Channel>>);

impl Default for Defaults {
    /// Text, then mail, then push, for everything.
    fn default() -> Self {
        let order = vec![Channel::Sms, Channel::Email, Channel::Push];
        let all = [
            Category::Appointment,
            Category::Treatment,
            Category::Billing,
            Category::Marketing,
            Category::General,
            Category::Survey,
            Category::Education,
            Category::Crm,
        ];
        Self(all.into_iter().map(|category| (category, order.clone())).collect())
    }
}

impl Defaults {
    /// The channels for a kind of message, if the clinic has set any.
    pub fn of(&self, category: Category) -> Option<&[Channel]> {
        self.0.get(&category).map(Vec::as_slice).filter(|channels| !channels.is_empty())
    }
}
