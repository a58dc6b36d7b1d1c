//! `GET /v1/messages`

use access::Field;
use axum::extract::State;
use edge::{Json, Page, Problem, Query, Staff};
use jiff::civil::Date;
use kernel::{Category, Cursor, Kind, Limit};
use messaging::history::sent_on;
use people::Clinic;
use platform::Platform;
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::MessageRow;
use crate::words;

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Sent {
    /// What they are about.
    #[param(value_type = words::Category, inline)]
    category: Category,
    /// The day in the clinic's zone; today unless told.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-22")]
    day: Option<Date>,
    /// How many messages, 1 to 100.
    #[serde(default, deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// What was sent on a day, kind by kind, the latest first
///
/// A message is of the day it was due, by the clinic's clock. What it says is shown to those whose work needs it.
/// A page may be short, even empty, and still have a `next`.
#[utoipa::path(
    get,
    path = "/v1/messages",
    operation_id = "list_sent_messages",
    tag = "messages",
    params(Sent),
    extensions(("x-access" = json!("messaging:view"))),
    responses(
        (status = 200, description = "A page of messages.", body = Page<MessageRow>),
        (status = 409, description = "The clinic has no days yet: `clinic_not_set_up`."),
    ),
)]
pub(super) async fn history(
    State(platform): State<Platform>,
    staff: Staff,
    Query(asked): Query<Sent>,
) -> Result<Json<Page<MessageRow>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let clinic = Clinic::read(&table)
        .await?
        .ok_or_else(|| Problem::new(Kind::Conflict, "clinic_not_set_up", "the clinic has no settings yet"))?;
    let day = asked.day.unwrap_or_else(|| clinic.zone.wall(platform.clock.now()).date());
    let page = sent_on(&table, asked.category, day, &clinic.zone, asked.limit, asked.cursor.as_ref()).await?;
    let persons: Vec<_> = page.items.iter().map(|message| message.person).collect();
    let fields = staff.shown(&[Field::of_message(asked.category)]);
    audit::viewed(&table, &staff.actor(), "messages.viewed", &fields, persons).await?;
    Ok(Json(Page::of(page, |kept| MessageRow::of(&kept, &staff))))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use messaging::Status;
    use serde_json::{Value, json};

    use crate::testing::House;

    async fn sent(house: &House, person: kernel::PersonId, text: &str) {
        let path = house.message(person, text).await;
        house.becomes(&path, Status::Sent).await;
    }

    fn texts(page: &Value) -> Vec<&str> {
        page["items"].as_array().unwrap().iter().map(|row| row["text"].as_str().unwrap()).collect()
    }

    /// E-13
    #[tokio::test]
    async fn what_was_sent_is_listed_by_kind_and_by_the_clinics_day() {
        let house = House::open().await;
        let ana = house.person("ana").await;
        // 03:00 and 22:30 in New York on Nov 22, then 00:30 on Nov 23, which is still Nov 23 in UTC from 05:00 on.
        sent(&house, ana, "one").await;
        house.message(ana, "not sent").await;
        house.platform.clock.advance(SignedDuration::from_mins(19 * 60 + 30));
        sent(&house, ana, "two").await;
        house.platform.clock.advance(SignedDuration::from_hours(2));
        sent(&house, ana, "three").await;
        let list = async |query: &str| {
            house.get("front_desk", &format!("/v1/messages?category=GENERAL{query}")).await
        };
        assert_eq!(texts(&list("").await), ["three"], "today");
        assert_eq!(texts(&list("&day=2026-11-22").await), ["two", "one"]);
        assert_eq!(list("&day=2026-11-24").await["items"], json!([]));
        let first = list("&day=2026-11-22&limit=1").await;
        let next = first["next"].as_str().unwrap();
        assert_eq!(texts(&first), ["two"]);
        assert_eq!(texts(&list(&format!("&day=2026-11-22&limit=1&cursor={next}")).await), ["one"]);
        let page = house.get("front_desk", "/v1/messages?category=BILLING&day=2026-11-22").await;
        assert_eq!(page["items"], json!([]));
        // A row opens what was sent, for those whose work needs it.
        let row = &first["items"][0];
        let path = format!("/v1/messages/{}", row["id"].as_str().unwrap());
        assert_eq!(house.get("front_desk", &path).await["text"], "two");
        let page = house.get("read_only", "/v1/messages?category=GENERAL&day=2026-11-22").await;
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        assert!(page["items"][0]["text"].is_null());
        let log = house.get("clinic_admin", &format!("/v1/audit?patient={ana}")).await;
        assert_eq!(log["items"][0]["action"], "messages.viewed");
        for query in ["", "?category=NEWS", "?category=GENERAL&day=soon"] {
            let (status, _) =
                house.send("front_desk", "GET", &format!("/v1/messages{query}"), None, None).await;
            assert_eq!(status, 422, "{query}");
        }
    }
}
