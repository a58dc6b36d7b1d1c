//! Trying again to use an event that was parked.

use audit::Actor;
use kernel::{EventId, Limit};
use table::{ClinicTable, Kept, TableFault, keys::ParkedEvents};

use super::{EventsFault, Outcome, ParkedEvent, take::again};
use crate::{appointments::Replan, mirror::Desk};

/// Tries again to use a parked event: none if there is no such event, or no longer. What still cannot be used
/// stays parked.
pub async fn replay<R: Replan>(
    table: &ClinicTable,
    plan: &R,
    actor: &Actor,
    id: EventId,
) -> Result<Option<Outcome>, EventsFault> {
    let Some(parked) = find(table, id).await? else { return Ok(None) };
    let mut desk = Desk::open(table).await?;
    again(table, &mut desk, plan, actor, parked).await.map(Some)
}

/// Parked events are few and stand in the order in which they came: the list is gone through.
async fn find(table: &ClinicTable, id: EventId) -> Result<Option<Kept<ParkedEvent>>, TableFault> {
    let span = ParkedEvents::all().backwards();
    let mut after = None;
    loop {
        let wanted = |event: &ParkedEvent| event.id == id;
        let page = table.list_where(&span, Limit::MOST, after.as_ref(), wanted).await?;
        if let Some(found) = page.items.into_iter().next() {
            return Ok(Some(found));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(None),
        }
    }
}
