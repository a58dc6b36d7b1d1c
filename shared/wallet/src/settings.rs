//! How a clinic is billed, what it bought for which location, and what it is told of its balance.

use std::collections::{BTreeMap, BTreeSet};

use audit::{Actor, Severity};
use kernel::{Detail, Fault, Kind, LocationId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Entity, Kept, TableFault, WriteFault, keys::WalletSettingsKey};

use crate::{Dated, Notification, Place, Policy, Rate, policy::policy_at, purchases};

/// What becomes of a message for which there is no balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WhenEmpty {
    /// It waits for the next top-up, and goes out if it is still of use then.
    #[default]
    Hold,
    /// It ends.
    Fail,
}

/// A clinic's settings about money. Amounts are in the unit of the policy that holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WalletSettings {
    /// How it is billed, by date; flat before the first.
    pub policies: Vec<Dated>,
    /// Prices of its own.
    pub rates: Vec<Rate>,
    /// The place that each location was bought for.
    pub bought: BTreeMap<LocationId, Place>,
    /// Kinds of messages that are switched off.
    pub off: BTreeSet<Notification>,
    /// Warn when what is available falls below this.
    pub low_at: Option<i64>,
    /// How far messages of care may overdraw the balance; 0 for not at all.
    pub overdraft: i64,
    /// What becomes of other messages.
    pub when_empty: WhenEmpty,
    /// The package to buy when the balance falls below the warning.
    pub top_up: Option<String>,
}

impl Entity for WalletSettings {
    type Key = WalletSettingsKey;
    fn key(&self) -> WalletSettingsKey {
        WalletSettingsKey {}
    }
}

/// Why settings did not change.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFault {
    /// Somebody else changed them since they were read.
    #[error("the settings of the wallet have version {0} by now")]
    Stale(u64),
    /// Fields cannot be as they are.
    #[error("{} settings of the wallet cannot be", .0.len())]
    Invalid(Vec<Detail>),
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] TableFault),
    /// The write did not happen.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl Fault for SettingsFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Stale(_) => Kind::Conflict,
            Self::Invalid(_) => Kind::Invalid,
            Self::Read(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Stale(_) => "version_is_stale",
            Self::Invalid(_) => "wallet_settings_invalid",
            Self::Read(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Invalid(details) => details.clone(),
            Self::Read(fault) => fault.details(),
            Self::Write(fault) => fault.details(),
            Self::Stale(_) => Vec::new(),
        }
    }
}

impl WalletSettings {
    /// The settings with their version; the product's own and 0 while a clinic has set none.
    pub async fn read(table: &ClinicTable) -> Result<(u64, Self), TableFault> {
        let kept = table.get::<Self>(&WalletSettingsKey {}).await?;
        Ok(kept.map_or_else(|| (0, Self::default()), |kept| (kept.rev(), kept.into_value())))
    }

    /// The policy that holds at an instant.
    pub fn policy(&self, at: Timestamp) -> Policy {
        policy_at(&self.policies, at)
    }

    /// Whether messages of this kind are sent.
    pub fn sends(&self, notification: Notification) -> bool {
        !self.off.contains(&notification)
    }

    fn faults(&self, before: &Self, now: Timestamp) -> Vec<Detail> {
        let mut faults = Vec::new();
        let past = |settings: &Self| -> Vec<Dated> {
            settings.policies.iter().filter(|dated| dated.from < now).copied().collect()
        };
        if past(self) != past(before) {
            let says = "a policy that has begun stays; give another one that begins now or later";
            faults.push(Detail::new("/policies", says));
        }
        let begun = |settings: &Self| -> Vec<Rate> {
            settings.rates.iter().filter(|rate| rate.valid_from < now).cloned().collect()
        };
        if begun(self) != begun(before) {
            let says = "a price that has begun stays; give another one that begins now or later";
            faults.push(Detail::new("/rates", says));
        }
        if self.rates.iter().any(|rate| rate.price < 0) {
            faults.push(Detail::new("/rates", "a price is 0 or more minor units"));
        }
        if self.policies.len() > 100 || self.rates.len() > 200 {
            faults.push(Detail::new("/rates", "at most 100 policies and 200 prices are kept"));
        }
        if self.overdraft < 0 {
            faults.push(Detail::new("/overdraft", "give 0 or more minor units"));
        }
        if self.low_at.is_some_and(|low| low < 0) {
            faults.push(Detail::new("/low_at", "give 0 or more minor units, or nothing"));
        }
        if let Some(id) = &self.top_up {
            let unit =
                purchases::package(id).filter(|package| package.is_open(now)).map(|package| package.unit);
            if unit != Some(self.policy(now).unit()) {
                let says = "give a package that is on sale and of the unit the clinic is billed in";
                faults.push(Detail::new("/top_up", says));
            }
            if self.low_at.is_none() {
                faults.push(Detail::new("/low_at", "buying by itself needs a balance at which to"));
            }
        }
        faults
    }

    /// Puts these settings in the place of those read at `version`, 0 for none, and gives back the new version.
    /// Policies and prices that have begun cannot be changed: what was billed by them keeps them.
    pub async fn change(
        &self,
        table: &ClinicTable,
        actor: &Actor,
        version: u64,
    ) -> Result<u64, SettingsFault> {
        let kept = table.get::<Self>(&WalletSettingsKey {}).await?;
        let there = kept.as_ref().map_or(0, Kept::rev);
        if there != version {
            return Err(SettingsFault::Stale(there));
        }
        let before = kept.as_deref().cloned().unwrap_or_default();
        let now = table.clock().now();
        let faults = self.faults(&before, now);
        if !faults.is_empty() {
            return Err(SettingsFault::Invalid(faults));
        }
        if *self == before {
            return Ok(version);
        }
        let names = |settings: &Self| settings.off.iter().map(|one| one.name()).collect::<Vec<_>>();
        let deed = actor
            .did("wallet.changed")
            .on_word("wallet", "settings")
            .severity(Severity::Warning)
            .change("policy", before.policy(now).name(), self.policy(now).name())
            .change_of("low_at", before.low_at.map(Into::into), self.low_at.map(Into::into))
            .change("overdraft", before.overdraft, self.overdraft)
            .change("off", audit::Plain::words(names(&before)), audit::Plain::words(names(self)));
        let deed = if before.rates == self.rates { deed } else { deed.touched("rates") };
        let deed = if before.bought == self.bought { deed } else { deed.touched("bought") };
        let mut write = table.write();
        match &kept {
            Some(kept) => write.replace(kept, self),
            None => write.create(self),
        };
        write.create(&deed.entry(table));
        match write.commit().await {
            Ok(()) => Ok(version + 1),
            Err(fault) if fault.is_conflict() => Err(SettingsFault::Stale(Self::read(table).await?.0)),
            Err(fault) => Err(fault.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dated, Rate, testing::*};
    use kernel::Channel;

    fn own_rate(house: &House) -> Rate {
        Rate {
            unit: crate::Unit::Credits,
            place: None,
            channel: Channel::Sms,
            direction: crate::Direction::Out,
            per: crate::Per::Segment,
            price: 2,
            valid_from: house.clock.now(),
        }
    }

    #[tokio::test]
    async fn what_has_begun_cannot_be_changed_and_what_begins_can_be_added() {
        let house = House::new().await;
        let from = house.clock.now();
        let mut settings = WalletSettings {
            policies: vec![Dated { from, policy: Policy::Credits }],
            rates: vec![own_rate(&house)],
            ..WalletSettings::default()
        };
        assert_eq!(settings.change(&house.table, &staff(), 0).await.unwrap(), 1);
        assert_eq!(settings.change(&house.table, &staff(), 1).await.unwrap(), 1, "the same changes nothing");
        house.pass(1);
        let (version, read) = WalletSettings::read(&house.table).await.unwrap();
        assert_eq!((version, &read), (1, &settings));
        let mut forged = settings.clone();
        forged.policies[0].policy = Policy::Flat;
        forged.rates[0].price = 1;
        let fault = forged.change(&house.table, &staff(), 1).await.unwrap_err();
        let at: Vec<_> = fault.details().iter().map(|detail| detail.at.clone()).collect();
        assert_eq!(
            (fault.code(), at),
            ("wallet_settings_invalid", vec!["/policies".into(), "/rates".into()])
        );
        settings.policies.push(Dated { from: house.clock.now(), policy: Policy::CapOnly { monthly: 500 } });
        assert_eq!(settings.change(&house.table, &staff(), 1).await.unwrap(), 2);
        assert_eq!(settings.policy(from), Policy::Credits);
        assert_eq!(settings.policy(house.clock.now()), Policy::CapOnly { monthly: 500 });
        assert!(matches!(settings.change(&house.table, &staff(), 1).await, Err(SettingsFault::Stale(2))));
    }

    #[tokio::test]
    async fn settings_that_cannot_be_name_their_fields() {
        let house = House::new().await;
        let wrong = WalletSettings {
            overdraft: -1,
            low_at: Some(-1),
            top_up: Some("usd-20".into()),
            ..WalletSettings::default()
        };
        let fault = wrong.change(&house.table, &staff(), 0).await.unwrap_err();
        let at: Vec<_> = fault.details().into_iter().map(|detail| detail.at).collect();
        assert_eq!(at, ["/overdraft", "/low_at", "/top_up"]);
    }
}
