//! `GET /v1/events/parked`

use axum::extract::State;
use edge::{Json, Page, Paging, Problem, Query, Staff};
use kernel::{EventId, Timestamp};
use people::events::{ParkedEvent, Reason, parked as list};
use platform::Platform;
use serde::Serialize;
use table::Kept;
use utoipa::ToSchema;

/// An event that cannot be used yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "evt_01m8cz00000000000000000000",
    "reason": "TYPE_UNKNOWN",
    "event_type": "recall.due",
    "event_version": 1,
    "producer": "pms",
    "occurred_at": "2026-11-22T15:00:00Z",
    "parked_at": "2026-11-22T15:00:02Z"
}))]
pub(super) struct ParkedView {
    #[schema(value_type = String)]
    id: EventId,
    /// `TYPE_UNKNOWN`, `VERSION_UNKNOWN` or `SUBJECT_UNKNOWN`.
    #[schema(value_type = String)]
    reason: Reason,
    event_type: String,
    event_version: u64,
    producer: String,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    parked_at: Timestamp,
}

impl From<Kept<ParkedEvent>> for ParkedView {
    fn from(kept: Kept<ParkedEvent>) -> Self {
        let event = kept.into_value();
        Self {
            id: event.id,
            reason: event.reason,
            event_type: event.event_type,
            event_version: event.event_version,
            producer: event.producer,
            occurred_at: event.occurred_at,
            parked_at: event.parked_at,
        }
    }
}

/// Events that wait until they can be used, the latest first
#[utoipa::path(
    get,
    path = "/v1/events/parked",
    operation_id = "list_parked_events",
    tag = "ways in",
    params(Paging),
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "A page of events.", body = Page<ParkedView>)),
)]
pub(super) async fn parked(
    State(platform): State<Platform>,
    staff: Staff,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ParkedView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let page = list(&table, paging.limit, paging.cursor.as_ref()).await?;
    Ok(Json(Page::of(page, ParkedView::from)))
}
