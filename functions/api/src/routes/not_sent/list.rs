//! `GET /v1/not-sent`

use axum::extract::State;
use edge::{Json, Page, Problem, Query, Staff};
use kernel::{Channel, Cursor, Limit, MessageId, PersonId, Timestamp};
use messaging::{Status, desk::NotSent};
use platform::Platform;
use serde::{Deserialize, Serialize};
use table::keys::NotSentByTime;
use utoipa::{IntoParams, ToSchema};

use crate::routes::people::names::Names;
use crate::words;

/// How it did not reach anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    /// It was not sent: refused by the rules, or too late.
    NotSent,
    /// It was sent and did not arrive, or could not be sent.
    Failed,
    /// Nobody knows whether it was sent.
    Unknown,
}

impl Kind {
    fn of(status: Status) -> Self {
        match status {
            Status::Skipped | Status::Expired => Self::NotSent,
            Status::Unknown => Self::Unknown,
            _ => Self::Failed,
        }
    }
}

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// `NOT_SENT` (refused by the rules, or too late), `FAILED` or `UNKNOWN`.
    #[param(value_type = Kind, inline, required = false, example = "FAILED")]
    kind: Option<Kind>,
    /// `SKIPPED`, `EXPIRED`, `FAILED`, `BOUNCED` or `UNKNOWN`.
    #[param(value_type = words::MessageStatus, inline, required = false)]
    status: Option<Status>,
    /// How many, 1 to 100.
    #[serde(default, deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// A message that did not reach anybody, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "message": "msg_01m8cz00000000000000000000",
    "person": "per_01m8cz00000000000000000000",
    "name": "Ana Reyes",
    "kind": "NOT_SENT",
    "status": "SKIPPED",
    "code": "NO_CONSENT",
    "says": "There is no recorded consent for such a message to this address.",
    "at": "2026-11-22T15:00:00Z"
}))]
pub(super) struct NotSentRow {
    #[schema(value_type = String)]
    message: MessageId,
    #[schema(value_type = String)]
    person: PersonId,
    /// For those who may see who patients are.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[schema(value_type = String)]
    kind: Kind,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
    /// Why, as a stable code.
    code: String,
    /// Why, as a sentence.
    says: String,
    /// When it was noticed.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// What did not reach anybody and why, newest first
///
/// With a filter a page may be short, even empty, and still have a `next`. What a later receipt settles leaves
/// the list.
#[utoipa::path(
    get,
    path = "/v1/not-sent",
    operation_id = "list_not_sent",
    tag = "desk",
    params(Filter),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "A page of messages.", body = Page<NotSentRow>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<NotSentRow>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let (span, after) = (NotSentByTime::all().backwards(), filter.cursor.as_ref());
    let wanted = |row: &NotSent| {
        filter.kind.is_none_or(|kind| kind == Kind::of(row.status))
            && filter.status.is_none_or(|status| status == row.status)
    };
    let page = if filter.kind.is_none() && filter.status.is_none() {
        table.list::<NotSent>(&span, filter.limit, after).await?
    } else {
        table.list_where(&span, filter.limit, after, wanted).await?
    };
    let persons: Vec<_> = page.items.iter().map(|row| row.person).collect();
    let names = Names::of(&table, &staff, persons.iter().copied()).await?;
    audit::viewed(&table, &staff.actor(), "not_sent.viewed", &["names", "messages"], persons).await?;
    Ok(Json(Page::of(page, |row| NotSentRow {
        message: row.message,
        person: row.person,
        name: names.get(row.person),
        kind: Kind::of(row.status),
        status: row.status.name(),
        channel: row.channel.map(Channel::name),
        code: row.code.clone(),
        says: row.says.clone(),
        at: row.at,
    })))
}

#[cfg(test)]
mod tests {
    use kernel::{Channel, Id as _, MessageId};
    use messaging::{Status, desk::NotSent};
    use serde_json::json;

    use crate::testing::House;

    #[tokio::test]
    async fn the_desk_sees_what_did_not_arrive_by_kind_and_reason() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        let rows = [
            (Status::Skipped, "NO_CONSENT", None),
            (Status::Failed, "30006", None),
            (Status::Unknown, "UNKNOWN", None),
            (Status::Failed, "30003", Some("it is DELIVERED".to_owned())),
        ];
        for (index, (status, code, resolved)) in rows.into_iter().enumerate() {
            house.platform.clock.advance(jiff::SignedDuration::from_secs(1));
            house
                .keep(&NotSent {
                    message: MessageId::derived(&[&index.to_string()]),
                    person: ana,
                    status,
                    channel: Some(Channel::Sms),
                    code: code.to_owned(),
                    says: "…".to_owned(),
                    at: house.platform.clock.now(),
                    resolved,
                })
                .await;
        }
        let codes = async |query: &str| -> Vec<String> {
            let page = house.get("front_desk", &format!("/v1/not-sent{query}")).await;
            let items = page["items"].as_array().unwrap();
            items.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(codes("").await, ["UNKNOWN", "30006", "NO_CONSENT"]);
        assert_eq!(codes("?kind=NOT_SENT").await, ["NO_CONSENT"]);
        assert_eq!(codes("?kind=FAILED").await, ["30006"]);
        assert_eq!(codes("?status=UNKNOWN").await, ["UNKNOWN"]);
        let page = house.get("read_only", "/v1/not-sent").await;
        assert!(page["items"][0]["name"].is_null());
        let (status, problem) = house.send("front_desk", "GET", "/v1/not-sent?kind=LOST", None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("kind")));
    }
}
