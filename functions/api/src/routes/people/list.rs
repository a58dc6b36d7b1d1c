//! `GET /v1/people`

use access::Field;
use axum::extract::State;
use edge::{Json, Page, Problem, Query, Staff};
use kernel::{Cursor, Detail, Kind, Limit, Masked};
use people::persons::by_name;
use platform::Platform;
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::PersonRow;

/// The longest beginning of a name, in characters.
const LONGEST: usize = 60;

/// Which persons.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// How the name begins, family name first, in any letter case; 1 to 60 characters.
    #[param(value_type = Option<String>, min_length = 1, max_length = 60, example = "reyes a")]
    q: Option<Masked<String>>,
    /// How many persons, 1 to 100.
    #[serde(default, deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// Persons by family name
///
/// Names can be searched by those who may see who patients are.
#[utoipa::path(
    get,
    path = "/v1/people",
    operation_id = "list_people",
    tag = "people",
    params(Search),
    extensions(("x-access" = json!("permission patient:read"))),
    responses((status = 200, description = "A page of persons.", body = Page<PersonRow>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(search): Query<Search>,
) -> Result<Json<Page<PersonRow>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let beginning = search.q.as_ref().map_or("", |q| q.reveal().trim());
    if search.q.is_some() {
        if !staff.shows(Field::PersonName) {
            let says = "searching names needs patient:view_phi, which the role does not have here";
            return Err(Problem::new(Kind::Forbidden, "names_not_allowed", says));
        }
        if !(1..=LONGEST).contains(&beginning.chars().count()) {
            let wrong = Detail::new("q", format!("must be 1 to {LONGEST} characters"));
            return Err(
                Problem::new(Kind::Invalid, "query_invalid", "the name cannot be searched").at([wrong])
            );
        }
    }
    let page = by_name(&table, beginning, search.limit, search.cursor.as_ref()).await?;
    let persons: Vec<_> = page.items.iter().map(|person| person.id).collect();
    let fields = staff.shown(&[Field::PersonName]);
    audit::viewed(&table, &staff.actor(), "people.viewed", &fields, persons).await?;
    Ok(Json(Page::of(page, |kept| PersonRow::of(&kept, &staff))))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::House;

    fn names(page: &Value) -> Vec<&str> {
        page["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn persons_are_found_by_the_beginning_of_their_name() {
        let house = House::new().await;
        for name in ["ana", "andy", "ben"] {
            house.person(name).await;
        }
        assert_eq!(names(&house.get("doctor", "/v1/people").await), ["Ana Reyes", "Andy Reyes", "Ben Reyes"]);
        assert_eq!(names(&house.get("doctor", "/v1/people?q=REYES%20an").await), ["Ana Reyes", "Andy Reyes"]);
        let page = house.get("doctor", "/v1/people?limit=2").await;
        let next = page["next"].as_str().unwrap();
        assert_eq!(names(&house.get("doctor", &format!("/v1/people?cursor={next}")).await), ["Ben Reyes"]);
        let (status, problem) = house.send("doctor", "GET", "/v1/people?q=%20", None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("q")));
    }

    /// P-06
    #[tokio::test]
    async fn who_may_not_see_names_cannot_guess_them() {
        let house = House::new().await;
        house.person("ana").await;
        let page = house.get("read_only", "/v1/people").await;
        assert!(page["items"][0]["name"].is_null());
        let (status, problem) = house.send("read_only", "GET", "/v1/people?q=reyes", None, None).await;
        assert_eq!((status, &problem["code"]), (403, &json!("names_not_allowed")));
    }
}
