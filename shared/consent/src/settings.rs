//! What a clinic sets for itself: its own rules, and its default preferences.

use std::collections::BTreeSet;

use audit::{Actor, Deed, Plain};
use serde::{Deserialize, Serialize};
use table::{ClinicTable, Entity, Kept, TableFault, keys::ConsentSettingsKey};

use crate::{
    keywords::reserved,
    ledger::ConsentFault,
    preference::Defaults,
    rules::{Overrides, Rules},
};

/// A clinic's own rules and default preferences: one item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsentSettings {
    /// Its own rules.
    pub overrides: Overrides,
    /// Its default preferences, per kind of message.
    pub defaults: Defaults,
}

impl ConsentSettings {
    /// The rules as they hold for the clinic.
    pub fn rules(&self) -> Rules {
        Rules::of(self.overrides.clone())
    }
}

impl Entity for ConsentSettings {
    type Key = ConsentSettingsKey;
    fn key(&self) -> ConsentSettingsKey {
        ConsentSettingsKey {}
    }
}

/// What the clinic has set, with its version; absent if nothing.
pub async fn settings(table: &ClinicTable) -> Result<Option<Kept<ConsentSettings>>, TableFault> {
    table.get(&ConsentSettingsKey {}).await
}

/// Puts new settings in the place of those read at `version`, 0 for none.
pub async fn set_settings(
    table: &ClinicTable,
    version: u64,
    new: ConsentSettings,
    actor: &Actor,
) -> Result<Kept<ConsentSettings>, ConsentFault> {
    check(&new)?;
    let kept = settings(table).await?;
    if let Some(same) = kept.as_ref().filter(|kept| ***kept == new) {
        return Ok(same.clone());
    }
    if kept.as_ref().map_or(0, Kept::rev) != version {
        return Err(ConsentFault::Stale);
    }
    let mut write = table.write();
    match &kept {
        Some(kept) => write.replace(kept, &new),
        None => write.create(&new),
    };
    let deed = actor.did("consent.settings_set").on_word("settings", "consent");
    let before = kept.as_deref().cloned().unwrap_or_default();
    write.create(&different(deed, &before, &new).entry(table));
    match write.commit().await {
        Ok(()) => settings(table).await?.ok_or(ConsentFault::Stale),
        Err(fault) if fault.is_conflict() => Err(ConsentFault::Stale),
        Err(fault) => Err(fault.into()),
    }
}

/// The fields that change, with their values. The clinic's own words may be anything: of them the log says only
/// that they changed.
fn different(deed: Deed, before: &ConsentSettings, after: &ConsentSettings) -> Deed {
    let (old, new) = (&before.overrides, &after.overrides);
    let mut deed = deed
        .change("courtesy_confirms", old.courtesy_confirms, new.courtesy_confirms)
        .change("marketing_hours", old.marketing_hours.name(), new.marketing_hours.name())
        .change_of(
            "per_person_per_day",
            old.per_person_per_day.map(Plain::from),
            new.per_person_per_day.map(Plain::from),
        )
        .change("revocation_by_category", old.revocation_by_category, new.revocation_by_category);
    for (field, same) in [
        ("opt_out_words", old.opt_out_words == new.opt_out_words),
        ("confirm_words", old.confirm_words == new.confirm_words),
    ] {
        if !same {
            deed = deed.touched(field);
        }
    }
    let categories: BTreeSet<_> = before.defaults.0.keys().chain(after.defaults.0.keys()).collect();
    categories.into_iter().fold(deed, |deed, category| {
        let told = |settings: &ConsentSettings| {
            let channels = settings.defaults.0.get(category)?;
            Some(Plain::words(channels.iter().map(|channel| channel.name())))
        };
        deed.change_of(&format!("defaults.{}", category.name()), told(before), told(after))
    })
}

fn check(new: &ConsentSettings) -> Result<(), ConsentFault> {
    let own = &new.overrides;
    let invalid = |at, says| Err(ConsentFault::Invalid { at, says });
    let words =
        [("/overrides/opt_out_words", &own.opt_out_words), ("/overrides/confirm_words", &own.confirm_words)];
    for (at, list) in words {
        if list.len() > 50 || list.iter().any(|word| word.chars().count() > 60) {
            return invalid(at, "at most 50 texts of at most 60 characters");
        }
        if !reserved(list, &new.rules()).is_empty() {
            return invalid(at, "words that already end, begin or explain messages keep their meaning");
        }
    }
    if own.per_person_per_day.is_some_and(|most| !(1..=50).contains(&most)) {
        return invalid("/overrides/per_person_per_day", "between 1 and 50");
    }
    Ok(())
}
