//! Somebody states how they want to be written to.

use std::collections::BTreeSet;

use audit::{Actor, Deed, Plain};
use kernel::{Cursor, Limit, Page, PersonId, Timestamp};
use table::{
    ClinicTable, Kept, TableFault,
    keys::{PreferenceChangeKey, PreferenceKey},
};

use crate::{
    ledger::ConsentFault,
    preference::{KeptPreference, Preference, PreferenceChange, Source},
};

/// What a person has stated, with its version; absent if nothing.
pub async fn preference(
    table: &ClinicTable,
    person: PersonId,
) -> Result<Option<Kept<KeptPreference>>, TableFault> {
    table.get(&PreferenceKey { person }).await
}

/// All that a person has stated over time, the latest first.
pub async fn preference_history(
    table: &ClinicTable,
    person: PersonId,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<PreferenceChange>>, TableFault> {
    table.list(&PreferenceChangeKey::within(person).backwards(), limit, after).await
}

/// Puts `new` in the place of what was stated. `version` is the version it was read at, 0 for nothing. Stating
/// the same again changes nothing. The next message already keeps to it.
pub async fn set_preferences(
    table: &ClinicTable,
    person: PersonId,
    version: u64,
    new: Preference,
    source: Source,
    actor: &Actor,
) -> Result<Kept<KeptPreference>, ConsentFault> {
    if let Some(channels) = &new.channels {
        let twice = channels.iter().enumerate().any(|(index, channel)| channels[..index].contains(channel));
        if twice {
            return Err(ConsentFault::Invalid {
                at: "/channels",
                says: "each channel stands once in the order",
            });
        }
    }
    if new.hours.as_ref().is_some_and(|hours| hours.windows().is_empty()) {
        return Err(ConsentFault::Invalid {
            at: "/hours/windows",
            says: "hours have a window; who wants no messages states no channels",
        });
    }
    let kept = preference(table, person).await?;
    if let Some(same) = kept.as_ref().filter(|kept| kept.preference == new) {
        return Ok(same.clone());
    }
    if kept.as_ref().map_or(0, Kept::rev) != version {
        return Err(ConsentFault::Stale);
    }
    let now = table.clock().now();
    let change = PreferenceChange {
        id: table.clock().id(),
        person,
        at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
        by: actor.who.clone(),
        source,
        preference: new.clone(),
    };
    let deed = actor.did("preferences.set").on("person", person).patient(person);
    let deed = deed.change_of("statement", None, Some(Plain::id(change.id)));
    let before = kept.as_ref().map(|kept| kept.preference.clone()).unwrap_or_default();
    let deed = different(deed, &before, &new);
    let after = KeptPreference { person, preference: new };
    let mut write = table.write();
    match &kept {
        Some(kept) => write.replace(kept, &after),
        None => write.create(&after),
    };
    write.create(&change).create(&deed.entry(table));
    match write.commit().await {
        Ok(()) => {}
        Err(fault) if fault.is_conflict() => return Err(ConsentFault::Stale),
        Err(fault) => return Err(fault.into()),
    }
    preference(table, person).await?.ok_or(ConsentFault::Stale)
}

/// The fields that change, with their values; of hours the log says only that they changed, the statement has
/// them.
fn different(deed: Deed, before: &Preference, after: &Preference) -> Deed {
    let channels = |stated: &Preference| {
        let channels = stated.channels.as_ref()?;
        Some(Plain::words(channels.iter().map(|channel| channel.name())))
    };
    let mut deed = deed.change_of("channels", channels(before), channels(after)).change_of(
        "language",
        before.language.as_ref().map(Plain::from),
        after.language.as_ref().map(Plain::from),
    );
    if before.hours != after.hours {
        deed = deed.touched("hours");
    }
    let channels: BTreeSet<_> = before.frequency.keys().chain(after.frequency.keys()).collect();
    let deed = channels.into_iter().fold(deed, |deed, channel| {
        let told = |stated: &Preference| stated.frequency.get(channel).map(|often| Plain::from(often.name()));
        deed.change_of(&format!("frequency.{}", channel.name()), told(before), told(after))
    });
    let categories: BTreeSet<_> = before.categories.keys().chain(after.categories.keys()).collect();
    categories.into_iter().fold(deed, |deed, category| {
        let told = |stated: &Preference| stated.categories.get(category).copied().map(Plain::from);
        deed.change_of(&format!("category.{}", category.name()), told(before), told(after))
    })
}
