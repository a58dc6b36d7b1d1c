//! How much a variable gives away about a person, and how much each channel may carry.

use std::{collections::BTreeMap, sync::LazyLock};

use kernel::{CallerId, Channel, Masked, Timestamp};
use serde::{Deserialize, Serialize};

/// What a value tells about a person, the least telling first. What somebody owes stands below what somebody
/// suffers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Sensitivity {
    /// Nothing: the clinic's own name and links.
    None,
    /// Who somebody is.
    Demographic,
    /// When, where and with whom a visit is.
    Appointment,
    /// Money and insurance.
    Financial,
    /// What care somebody gets.
    Clinical,
}

impl Sensitivity {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Demographic => "DEMOGRAPHIC",
            Self::Appointment => "APPOINTMENT",
            Self::Financial => "FINANCIAL",
            Self::Clinical => "CLINICAL",
        }
    }
}

#[derive(Deserialize)]
struct Data {
    ceilings: BTreeMap<Channel, Sensitivity>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/ceilings.json"))
        .expect("the file is part of the build and tested")
});

/// A clinic's written word that it carries the risk of a raised ceiling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who signed.
    pub by: CallerId,
    /// When.
    pub at: Timestamp,
    /// What was signed, in full.
    pub text: Masked<String>,
}

/// A ceiling above the product's own needs a written acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{channel:?} carries {most:?} at most without a written acknowledgement")]
pub struct NotAcknowledged {
    /// The channel.
    pub channel: Channel,
    /// The product's own ceiling of it.
    pub most: Sensitivity,
}

/// The most that each channel of a clinic may carry. The default is the product's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceilings {
    changed: BTreeMap<Channel, Ceiling>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ceiling {
    most: Sensitivity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged: Option<Acknowledgement>,
}

impl Ceilings {
    /// The most a channel may carry.
    pub fn of(&self, channel: Channel) -> Sensitivity {
        let product = DATA.ceilings.get(&channel).copied().unwrap_or(Sensitivity::None);
        self.changed.get(&channel).map_or(product, |ceiling| match ceiling.acknowledged {
            Some(_) => ceiling.most,
            // A later, lower product ceiling binds whoever never signed for more.
            None => ceiling.most.min(product),
        })
    }

    /// The written word that a channel's ceiling rests on, if it needs one.
    pub fn acknowledgement(&self, channel: Channel) -> Option<&Acknowledgement> {
        self.changed.get(&channel)?.acknowledged.as_ref()
    }

    /// Takes over a channel's ceiling from `other`, with what was signed for it.
    pub(crate) fn keep(&mut self, channel: Channel, other: &Self) {
        if let Some(ceiling) = other.changed.get(&channel) {
            self.changed.insert(channel, ceiling.clone());
        }
    }

    /// Changes a channel's ceiling: lower freely, higher with an acknowledgement only.
    pub fn set(
        &mut self,
        channel: Channel,
        most: Sensitivity,
        acknowledged: Option<Acknowledgement>,
    ) -> Result<(), NotAcknowledged> {
        let product = DATA.ceilings.get(&channel).copied().unwrap_or(Sensitivity::None);
        let signed = acknowledged.as_ref().is_some_and(|a| !a.text.reveal().trim().is_empty());
        if most > product && !signed {
            return Err(NotAcknowledged { channel, most: product });
        }
        self.changed.insert(channel, Ceiling { most, acknowledged });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn a_ceiling_is_lowered_freely_and_raised_with_a_signature_only() {
        let mut ceilings = Ceilings::default();
        assert_eq!(ceilings.of(Channel::Sms), Sensitivity::Appointment);
        ceilings.set(Channel::Sms, Sensitivity::Demographic, None).unwrap();
        assert_eq!(ceilings.of(Channel::Sms), Sensitivity::Demographic);
        assert_eq!(
            ceilings.set(Channel::Sms, Sensitivity::Clinical, None),
            Err(NotAcknowledged { channel: Channel::Sms, most: Sensitivity::Appointment })
        );
        let signed = |text: &str| Acknowledgement {
            by: CallerId::FIRST,
            at: Timestamp::UNIX_EPOCH,
            text: text.to_owned().into(),
        };
        assert!(ceilings.set(Channel::Sms, Sensitivity::Clinical, Some(signed(" "))).is_err());
        ceilings.set(Channel::Sms, Sensitivity::Clinical, Some(signed("We accept the risk."))).unwrap();
        assert_eq!(ceilings.of(Channel::Sms), Sensitivity::Clinical);
    }

    #[test]
    fn every_channel_has_a_ceiling() {
        assert_eq!(DATA.ceilings.len(), 6);
    }
}
