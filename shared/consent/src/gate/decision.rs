//! A decision of the gate as it is made, told and kept.

use std::{fmt, str::FromStr};

use kernel::{Category, Channel, ContactId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Reason;

/// What the gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It may go out when it was meant to.
    Allow,
    /// It may go out at another time; ask again then.
    Shift {
        /// When.
        to: Timestamp,
    },
    /// It may go out over another channel; write it for that channel and ask again.
    Swap {
        /// Which.
        channel: Channel,
    },
    /// It may not go out.
    Refuse {
        /// The weightiest reason.
        reason: Reason,
    },
}

/// How a message stands to one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The rule is met.
    Pass,
    /// It is not met.
    Fail,
    /// It is met at another time.
    Shift,
    /// It would not be met, but does not hold for such a message.
    Exempt,
}

const OUTCOMES: [(Outcome, &str); 4] = [
    (Outcome::Pass, "PASS"),
    (Outcome::Fail, "FAIL"),
    (Outcome::Shift, "SHIFT"),
    (Outcome::Exempt, "EXEMPT"),
];

const CHANNELS: [Channel; 6] =
    [Channel::Sms, Channel::Email, Channel::InApp, Channel::Push, Channel::Voice, Channel::Whatsapp];

/// One rule that was looked at. It is kept as one short text, such as `NO_CONSENT@SMS FAIL needs EXPRESS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHit {
    /// The rule.
    pub rule: Reason,
    /// The channel it was asked for; absent for rules about the person.
    pub channel: Option<Channel>,
    /// How the message stands to it.
    pub outcome: Outcome,
    /// What decided, without personal data; may be empty.
    pub saw: String,
}

impl fmt::Display for RuleHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.code())?;
        if let Some(channel) = self.channel {
            write!(f, "@{}", channel.name())?;
        }
        let outcome =
            OUTCOMES.iter().find(|(outcome, _)| *outcome == self.outcome).map_or("", |(_, name)| name);
        write!(f, " {outcome}")?;
        if !self.saw.is_empty() {
            write!(f, " {}", self.saw)?;
        }
        Ok(())
    }
}

/// The text is not a kept rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a rule of the gate with its outcome")]
pub struct NotARuleHit;

impl FromStr for RuleHit {
    type Err = NotARuleHit;
    fn from_str(text: &str) -> Result<Self, NotARuleHit> {
        let mut parts = text.splitn(3, ' ');
        let (rule, outcome) = (parts.next().ok_or(NotARuleHit)?, parts.next().ok_or(NotARuleHit)?);
        let (rule, channel) =
            rule.split_once('@').map_or((rule, None), |(rule, channel)| (rule, Some(channel)));
        let channel = match channel {
            None => None,
            Some(name) => Some(*CHANNELS.iter().find(|channel| channel.name() == name).ok_or(NotARuleHit)?),
        };
        Ok(Self {
            rule: *Reason::ALL.iter().find(|reason| reason.code() == rule).ok_or(NotARuleHit)?,
            channel,
            outcome: OUTCOMES.iter().find(|(_, name)| *name == outcome).ok_or(NotARuleHit)?.0,
            saw: parts.next().unwrap_or_default().to_owned(),
        })
    }
}

impl Serialize for RuleHit {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RuleHit {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// Whether a decision was made in this process. One that was read back is history: it can be shown, and clears
/// nothing. Both are equal otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fresh(pub(super) bool);

impl PartialEq for Fresh {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Fresh {}

/// A decision of the gate; it is kept with the message. Only the gate makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateDecision {
    #[serde(flatten)]
    pub(super) verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<Channel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<ContactId>,
    pub(super) category: Category,
    pub(super) at: Timestamp,
    pub(super) when: Timestamp,
    pub(super) rules: Vec<RuleHit>,
    #[serde(skip)]
    pub(super) fresh: Fresh,
}

impl GateDecision {
    /// What the gate says.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The channel it is about: the one to use, or the one that was refused.
    pub fn channel(&self) -> Option<Channel> {
        self.channel
    }

    /// The contact point to use; absent for messages inside our own apps and for refusals.
    pub fn contact(&self) -> Option<ContactId> {
        self.contact
    }

    /// What the message is about.
    pub fn category(&self) -> Category {
        self.category
    }

    /// When it was made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The moment of sending it was asked for.
    pub fn when(&self) -> Timestamp {
        self.when
    }

    /// Every rule that was looked at.
    pub fn rules(&self) -> &[RuleHit] {
        &self.rules
    }

    /// Whether the message may go out at the moment it was asked for.
    pub fn allows(&self) -> bool {
        self.verdict == Verdict::Allow
    }

    /// Why it may not go out at all, if so.
    pub fn refusal(&self) -> Option<Reason> {
        if let Verdict::Refuse { reason } = self.verdict { Some(reason) } else { None }
    }
}
