//! What was sent on a day, kind by kind.

use jiff::{SignedDuration, civil::Date};
use kernel::{Category, Cursor, Limit, Page, Timestamp, Zone};
use table::{ClinicTable, Kept, TableFault, keys::MessagesByTime};

use crate::{Message, Status};

impl Message {
    /// Whether it was handed to a provider, as far as anybody knows.
    pub fn went_out(&self) -> bool {
        [Status::Sent, Status::Delivered, Status::Read, Status::Unknown]
            .iter()
            .any(|status| self.times.contains_key(status))
    }
}

/// The messages of a kind that went out on a day of a zone, the latest first. A message is of the day it was
/// due. A page may be short, even empty, and still have a next one.
pub async fn sent_on(
    table: &ClinicTable,
    category: Category,
    day: Date,
    zone: &Zone,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Message>>, TableFault> {
    let begin = zone.instant(day.to_datetime(jiff::civil::Time::midnight()));
    let next = day
        .tomorrow()
        .map_or(Timestamp::MAX, |next| zone.instant(next.to_datetime(jiff::civil::Time::midnight())));
    // Keys hold milliseconds, and a span holds its ends.
    let end = next.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(next);
    let span = MessagesByTime::all(category.name().to_owned()).from(&begin).to(&end).backwards();
    table.list_where(&span, limit, after, |message: &Message| message.went_out()).await
}
