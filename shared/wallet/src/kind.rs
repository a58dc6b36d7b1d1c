//! What a paid message is for, and which way it goes.

use kernel::Channel;
use serde::{Deserialize, Serialize};

/// What a message is for, as clinics switch it on and off and see it in their statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Notification {
    /// Reminders of visits.
    Reminder,
    /// Greetings.
    Greeting,
    /// The same to many.
    Mass,
    /// From one person to another.
    Private,
}

impl Notification {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Reminder, Self::Greeting, Self::Mass, Self::Private];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reminder => "REMINDER",
            Self::Greeting => "GREETING",
            Self::Mass => "MASS",
            Self::Private => "PRIVATE",
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Reminder => 'R',
            Self::Greeting => 'G',
            Self::Mass => 'M',
            Self::Private => 'P',
        }
    }
}

/// Every channel, in the order statistics show them.
pub const CHANNELS: [Channel; 6] =
    [Channel::Email, Channel::Sms, Channel::Voice, Channel::Whatsapp, Channel::Push, Channel::InApp];

fn letter(channel: Channel) -> char {
    match channel {
        Channel::Sms => 's',
        Channel::Email => 'e',
        Channel::InApp => 'i',
        Channel::Push => 'p',
        Channel::Voice => 'v',
        Channel::Whatsapp => 'w',
    }
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// From the clinic.
    #[default]
    Out,
    /// To the clinic.
    In,
}

/// Where a message counts in the statistics. In the ledger it is two letters, `Rs` for reminders by text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// What it is for.
    pub notification: Notification,
    /// The way it takes.
    pub channel: Channel,
}

impl Cell {
    /// A kind of message on a channel.
    pub fn new(notification: Notification, channel: Channel) -> Self {
        Self { notification, channel }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut letters = text.chars();
        let (first, second) = (letters.next()?, letters.next()?);
        let notification = Notification::ALL.into_iter().find(|one| one.letter() == first)?;
        let channel = CHANNELS.into_iter().find(|one| letter(*one) == second)?;
        letters.next().is_none().then_some(Self { notification, channel })
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.notification.letter(), letter(self.channel))
    }
}

impl serde::Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom("not a kind of message and a channel"))
    }
}
