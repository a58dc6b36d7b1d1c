//! `GET /v1/figures/messages`

use std::collections::BTreeMap;

use axum::extract::State;
use edge::{Json, Problem, Query, Staff};
use jiff::{ToSpan as _, civil::Date};
use kernel::{Detail, Kind};
use messaging::counters::{DayCount, counts};
use platform::Platform;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which days: give one of the two.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Period {
    /// One day, as the clinic's clock counts.
    #[param(value_type = Option<String>, example = "2026-11-22")]
    day: Option<String>,
    /// All days of a month, as the clinic's clock counts.
    #[param(value_type = Option<String>, example = "2026-11")]
    month: Option<String>,
}

/// The messages of a period. Each is counted once, where it stands now: `planned` is the sum of all statuses.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({
    "period": "2026-11-22",
    "planned": 12,
    "received": 4,
    "by_status": { "DELIVERED": 9, "SKIPPED": 2, "CANCELLED": 1 },
    "by_source": { "reminder": { "DELIVERED": 8, "SKIPPED": 2, "CANCELLED": 1 }, "staff": { "DELIVERED": 1 } },
    "days": [{ "day": "2026-11-22", "planned": 12, "received": 4 }]
}))]
pub(super) struct MessageFigures {
    /// The day or month.
    period: String,
    /// Messages of the clinic that were meant for the period, whatever became of them.
    planned: i64,
    /// Messages that came in.
    received: i64,
    /// What became of those that were planned.
    by_status: BTreeMap<String, i64>,
    /// The same by where they come from: `reminder`, `staff` or `reply`.
    by_source: BTreeMap<String, BTreeMap<String, i64>>,
    /// Day by day; days without messages are left out.
    days: Vec<DayFigures>,
}

/// The messages of one day.
#[derive(Debug, Serialize, ToSchema)]
struct DayFigures {
    day: String,
    planned: i64,
    received: i64,
}

impl MessageFigures {
    fn add(&mut self, count: DayCount) {
        if self.days.last().is_none_or(|last| last.day != count.day) {
            self.days.push(DayFigures { day: count.day, planned: 0, received: 0 });
        }
        let Some(day) = self.days.last_mut() else { return };
        if count.source == "inbound" {
            self.received += count.messages;
            day.received += count.messages;
            return;
        }
        self.planned += count.messages;
        day.planned += count.messages;
        *self.by_status.entry(count.status.clone()).or_default() += count.messages;
        *self.by_source.entry(count.source).or_default().entry(count.status).or_default() += count.messages;
    }
}

fn wrong(at: &str, says: &str) -> Problem {
    Problem::new(Kind::Invalid, "query_invalid", "a parameter of the query is wrong")
        .at([Detail::new(at, says)])
}

fn days(period: &Period) -> Result<(String, Vec<Date>), Problem> {
    match (&period.day, &period.month) {
        (Some(day), None) => {
            let date: Date = day.parse().map_err(|_| wrong("day", "must be a day such as 2026-11-22"))?;
            Ok((date.to_string(), vec![date]))
        }
        (None, Some(month)) => {
            let first: Date = format!("{month}-01")
                .parse()
                .map_err(|_| wrong("month", "must be a month such as 2026-11"))?;
            let days = first.series(1.day()).take_while(|day| day.month() == first.month()).collect();
            Ok((first.strftime("%Y-%m").to_string(), days))
        }
        (None, None) => Err(wrong("day", "name a day or a month")),
        (Some(_), Some(_)) => Err(wrong("month", "name a day or a month, not both")),
    }
}

/// How many messages there are and what became of them
#[utoipa::path(
    get,
    path = "/v1/figures/messages",
    operation_id = "show_message_figures",
    tag = "figures",
    params(Period),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The figures.", body = MessageFigures)),
)]
pub(super) async fn messages(
    State(platform): State<Platform>,
    staff: Staff,
    Query(period): Query<Period>,
) -> Result<Json<MessageFigures>, Problem> {
    let table = platform.table.of(staff.clinic);
    let (name, days) = days(&period)?;
    let mut figures = MessageFigures { period: name, ..MessageFigures::default() };
    // A day has at most one count for each source and status, which is what one read takes; a month has more.
    for day in days {
        for count in counts(&table, &day.to_string()).await? {
            figures.add(count);
        }
    }
    Ok(Json(figures))
}

#[cfg(test)]
mod tests {
    use messaging::{Status, counters::count};
    use rstest::rstest;
    use serde_json::json;

    use crate::testing::House;

    #[tokio::test]
    async fn what_was_planned_is_the_sum_of_what_became_of_it() {
        let house = House::new().await;
        let ana = house.person("ana").await;
        for (index, status) in [Status::Delivered, Status::Delivered, Status::Skipped].into_iter().enumerate()
        {
            let path = house.message(ana, &index.to_string()).await;
            let message = house.becomes(&path, status).await;
            count(&house.table(), &kernel::Zone::utc(), None, &message, 1).await.unwrap();
        }
        let came = house.hears(ana, "C").await;
        count(&house.table(), &kernel::Zone::utc(), None, &came, 1).await.unwrap();
        for query in ["day=2026-11-22", "month=2026-11"] {
            let figures = house.get("read_only", &format!("/v1/figures/messages?{query}")).await;
            assert_eq!((&figures["planned"], &figures["received"]), (&json!(3), &json!(1)), "{figures}");
            assert_eq!(figures["by_status"], json!({ "DELIVERED": 2, "SKIPPED": 1 }));
            assert_eq!(figures["by_source"]["staff"], figures["by_status"]);
            assert_eq!(figures["days"], json!([{ "day": "2026-11-22", "planned": 3, "received": 1 }]));
        }
        let figures = house.get("read_only", "/v1/figures/messages?day=2026-11-23").await;
        assert_eq!((&figures["planned"], &figures["days"]), (&json!(0), &json!([])));
    }

    #[rstest]
    #[case("", "day")]
    #[case("?day=yesterday", "day")]
    #[case("?month=2026-13", "month")]
    #[case("?day=2026-11-22&month=2026-11", "month")]
    #[tokio::test]
    async fn a_period_is_a_day_or_a_month(#[case] query: &str, #[case] at: &str) {
        let house = House::new().await;
        let path = format!("/v1/figures/messages{query}");
        let (status, problem) = house.send("doctor", "GET", &path, None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!(at)));
    }
}
