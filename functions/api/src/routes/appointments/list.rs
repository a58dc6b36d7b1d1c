//! `GET /v1/appointments`

use axum::extract::State;
use edge::{Json, Page, Problem, Query, Staff};
use jiff::SignedDuration;
use kernel::{Cursor, Detail, Kind, Limit, PersonId, Timestamp};
use people::{
    Appointment,
    appointments::{Filter, between},
};
use platform::Platform;
use serde::Deserialize;
use table::{ClinicTable, Kept, TableFault, keys::AppointmentsOfPerson};
use utoipa::IntoParams;

use super::view::AppointmentView;
use crate::routes::people::names::Names;
use crate::words;

/// How far a list goes unless told: a week.
const USUAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Which visits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Schedule {
    /// Visits that begin then or later; now unless told.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Visits that begin then or earlier; a week after `from` unless told, without end for one person.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// A status in the words clinics use, whatever the letter case: `Scheduled`, `Confirmed`, `Arrived`,
    /// `In Progress`, `Completed`, `Incomplete`, `No Show`, `Cancelled`, `Pending` (booked, no answer yet) or
    /// `Out of Reach`.
    #[param(example = "Pending")]
    status: Option<String>,
    /// Only visits of this person.
    #[param(value_type = words::PersonId, inline, required = false)]
    person: Option<PersonId>,
    /// How many visits, 1 to 100.
    #[serde(default, deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// The visits of a stretch of time, in order of their start
///
/// With a filter a page may be short, even empty, and still have a `next`.
#[utoipa::path(
    get,
    path = "/v1/appointments",
    operation_id = "list_appointments",
    tag = "appointments",
    params(Schedule),
    extensions(("x-access" = json!("permission patient:read"))),
    responses((status = 200, description = "A page of visits.", body = Page<AppointmentView>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(wanted): Query<Schedule>,
) -> Result<Json<Page<AppointmentView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let wrong = |at: &str, says: &str| {
        Problem::new(Kind::Invalid, "query_invalid", "a parameter of the query is wrong")
            .at([Detail::new(at, says)])
    };
    let status = match wanted.status.as_deref() {
        None => None,
        Some(word) => Some(Filter::read(word).ok_or_else(|| {
            wrong("status", "must be a status such as Scheduled, or Pending or Out of Reach")
        })?),
    };
    let from = wanted.from.unwrap_or_else(|| platform.clock.now());
    let open_end =
        if wanted.person.is_some() { Timestamp::MAX } else { from.saturating_add(USUAL).unwrap_or(from) };
    let to = wanted.to.unwrap_or(open_end);
    if to < from {
        return Err(wrong("to", "must not be before `from`"));
    }
    let after = wanted.cursor.as_ref();
    let page = match wanted.person {
        None => between(&table, from, to, status, wanted.limit, after).await?,
        Some(person) => of_person(&table, person, (from, to), status, wanted.limit, after).await?,
    };
    let persons: Vec<_> = page.items.iter().map(|visit| visit.person).collect();
    let names = Names::of(&table, &staff, persons.iter().copied()).await?;
    audit::viewed(&table, &staff.actor(), "appointments.viewed", &["names", "appointments"], persons).await?;
    Ok(Json(Page::of(page, |kept| AppointmentView::of(&kept, &staff, &names))))
}

async fn of_person(
    table: &ClinicTable,
    person: PersonId,
    (from, to): (Timestamp, Timestamp),
    status: Option<Filter>,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<kernel::Page<Kept<Appointment>>, TableFault> {
    let span = AppointmentsOfPerson::all(person).from(&from).to(&to);
    match status {
        None => table.list(&span, limit, after).await,
        Some(status) => {
            table.list_where(&span, limit, after, |visit: &Appointment| visit.is_in(status)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    fn sources(page: &Value) -> Vec<&str> {
        page["items"].as_array().unwrap().iter().map(|row| row["starts_at"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn visits_are_listed_by_time_status_and_person() {
        let house = House::open().await;
        let (ana, _) = house.visit("a1", "2026-11-24T19:30:00Z").await;
        house.visit("a2", "2026-11-25T19:30:00Z").await;
        let ben = house.told("person", "ben", 1, json!({ "given_name": "Ben" })).await;
        let other = json!({ "person": "ben", "starts_at": "2026-11-23T15:00:00Z", "minutes": 30,
            "status": "CONFIRMED" });
        house.told("appointment", "b1", 1, other).await;
        let page = house.get("doctor", "/v1/appointments").await;
        assert_eq!(sources(&page), ["2026-11-23T15:00:00Z", "2026-11-24T19:30:00Z", "2026-11-25T19:30:00Z"]);
        assert_eq!(page["items"][1]["name"], "Ana Reyes");
        let page = house.get("doctor", "/v1/appointments?status=pending&limit=1").await;
        assert_eq!((sources(&page), page["next"].is_string()), (vec!["2026-11-24T19:30:00Z"], true));
        let page = house.get("doctor", "/v1/appointments?to=2026-11-24T00:00:00Z").await;
        assert_eq!(sources(&page), ["2026-11-23T15:00:00Z"]);
        let page = house.get("read_only", &format!("/v1/appointments?person={ana}")).await;
        assert_eq!(sources(&page), ["2026-11-24T19:30:00Z", "2026-11-25T19:30:00Z"]);
        assert!(page["items"][0]["name"].is_null());
        let page =
            house.get("doctor", &format!("/v1/appointments?person={ben}&status=Out%20of%20Reach")).await;
        assert_eq!(page["items"], json!([]));
    }

    #[tokio::test]
    async fn strange_words_and_turned_times_are_refused() {
        let house = House::new().await;
        for (query, at) in
            [("status=someday", "status"), ("to=2026-01-01T00:00:00Z", "to"), ("from=x", "from")]
        {
            let (status, problem) =
                house.send("doctor", "GET", &format!("/v1/appointments?{query}"), None, None).await;
            assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!(at)));
        }
    }
}
