//! How many messages a person has had, by day and calendar week of their zone.

use jiff::SignedDuration;
use kernel::{Category, MessageId, PersonId, Timestamp, Zone};
use table::{ClinicTable, TableFault, Write, keys::CounterKey};

use crate::gate::Counters;

fn of_day(person: PersonId, zone: &Zone, at: Timestamp) -> CounterKey {
    CounterKey { of: format!("sent_to.{person}"), name: format!("day.{}", zone.wall(at).date()) }
}

fn of_week(person: PersonId, zone: &Zone, at: Timestamp) -> CounterKey {
    let monday = crate::gate::monday(zone.wall(at).date());
    CounterKey { of: format!("sent_to.{person}"), name: format!("marketing_week.{monday}") }
}

/// Counts a message that a person was sent; told again, it is counted once.
pub fn count(
    write: &mut Write,
    person: PersonId,
    zone: &Zone,
    at: Timestamp,
    category: Category,
    message: MessageId,
) {
    let forget = at.saturating_add(SignedDuration::from_hours(24 * 9)).ok();
    let (day, week) = counter_keys(person, zone, at, category);
    for counter in [Some(day), week].iter().flatten() {
        write.note(counter, &message.to_string(), forget);
    }
}

/// Where the figures of a person stand that a decision needs: of the day of `at`, and for marketing of its week.
pub fn counter_keys(
    person: PersonId,
    zone: &Zone,
    at: Timestamp,
    category: Category,
) -> (CounterKey, Option<CounterKey>) {
    let week = (category == Category::Marketing).then(|| of_week(person, zone, at));
    (of_day(person, zone, at), week)
}

/// The figures of a person from what stands at [`counter_keys`].
pub fn counters(zone: &Zone, at: Timestamp, of_day: i64, of_week: i64) -> Counters {
    let number = |value: i64| u32::try_from(value.max(0)).unwrap_or(u32::MAX);
    Counters { day: Some(zone.wall(at).date()), of_day: number(of_day), marketing_of_week: number(of_week) }
}

/// What has been counted for the day of `at`, and for marketing its week. One read, two for marketing.
pub async fn counted(
    table: &ClinicTable,
    person: PersonId,
    zone: &Zone,
    at: Timestamp,
    category: Category,
) -> Result<Counters, TableFault> {
    let (day, week) = counter_keys(person, zone, at, category);
    let of_day = table.count(&day).await?;
    let of_week = match week {
        Some(week) => table.count(&week).await?,
        None => 0,
    };
    Ok(counters(zone, at, of_day, of_week))
}
