//! `GET /v1/unmatched`

use access::Field;
use axum::extract::State;
use edge::{Json, Page, Paging, Problem, Query, Staff};
use kernel::Timestamp;
use messaging::inbound::Received;
use platform::Platform;
use serde::Serialize;
use table::keys::UnmatchedInbound;
use utoipa::ToSchema;

/// A message from an address that leads to nobody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "provider": "TWILIO",
    "provider_id": "SM00000000000000000000000000000001",
    "channel": "SMS",
    "from": "+12125550123",
    "text": "Is this the dentist?",
    "at": "2026-11-22T15:00:00Z"
}))]
pub(super) struct Unmatched {
    provider: &'static str,
    /// The provider's id of it.
    provider_id: String,
    channel: &'static str,
    /// The number it came from, for those who may see patients' data.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// What it says, for those who may see patients' data.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// What came in and leads to nobody we know, newest first
#[utoipa::path(
    get,
    path = "/v1/unmatched",
    operation_id = "list_unmatched",
    tag = "conversations",
    params(Paging),
    extensions(("x-access" = json!("messaging:view and permission comms:view_inbox"))),
    responses((status = 200, description = "A page of what came in.", body = Page<Unmatched>)),
)]
pub(super) async fn unmatched(
    State(platform): State<Platform>,
    staff: Staff,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Unmatched>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let span = UnmatchedInbound::all().backwards();
    let page = table.list::<Received>(&span, paging.limit, paging.cursor.as_ref()).await?;
    Ok(Json(Page::of(page, |kept| Unmatched {
        provider: kept.inbound.provider.name(),
        provider_id: kept.inbound.provider_id.clone(),
        channel: kept.inbound.provider.channel().name(),
        from: staff.shows(Field::PersonContacts).then(|| kept.inbound.from.as_str().to_owned()),
        text: staff.sees(Field::MessageContent, &kept.inbound.body).cloned(),
        at: kept.received_at,
    })))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    #[tokio::test]
    async fn a_message_from_a_stranger_waits_for_somebody_to_look() {
        let house = House::new().await;
        house.keep(&house.inbound("Is this the dentist?")).await;
        let page = house.get("front_desk", "/v1/unmatched").await;
        assert_eq!(page["items"][0]["text"], "Is this the dentist?");
        assert_eq!(page["items"][0]["from"], "+12125550123");
        let page = house.get("read_only", "/v1/unmatched").await;
        assert_eq!((&page["items"][0]["text"], &page["items"][0]["channel"]), (&Value::Null, &json!("SMS")));
    }
}
