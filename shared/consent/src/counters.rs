//! How many messages a person has had, by day and calendar week of their zone.

use jiff::SignedDuration;
use kernel::{Category, PersonId, Timestamp, Zone};
use table::{ClinicTable, TableFault, Write, keys::CounterKey};

use crate::gate::Counters;

fn of_day(person: PersonId, zone: &Zone, at: Timestamp) -> CounterKey {
    CounterKey { of: format!("sent_to.{person}"), name: format!("day.{}", zone.wall(at).date()) }
}

fn of_week(person: PersonId, zone: &Zone, at: Timestamp) -> CounterKey {
    let monday = crate::gate::monday(zone.wall(at).date());
    CounterKey { of: format!("sent_to.{person}"), name: format!("marketing_week.{monday}") }
}

/// Counts a message in the transaction that claims it for sending.
pub fn count(write: &mut Write, person: PersonId, zone: &Zone, at: Timestamp, category: Category) {
    let forget = at.saturating_add(SignedDuration::from_hours(24 * 9)).ok();
    write.add(&of_day(person, zone, at), 1, forget);
    if category == Category::Marketing {
        write.add(&of_week(person, zone, at), 1, forget);
    }
}

/// What has been counted for the day of `at`, and for marketing its week. One read, two for marketing.
pub async fn counted(
    table: &ClinicTable,
    person: PersonId,
    zone: &Zone,
    at: Timestamp,
    category: Category,
) -> Result<Counters, TableFault> {
    let number = |value: i64| u32::try_from(value.max(0)).unwrap_or(u32::MAX);
    let of_day = number(table.count(&of_day(person, zone, at)).await?);
    let marketing_of_week = if category == Category::Marketing {
        number(table.count(&of_week(person, zone, at)).await?)
    } else {
        0
    };
    Ok(Counters { day: Some(zone.wall(at).date()), of_day, marketing_of_week })
}
