//! `GET /v1/people/{id}`

use access::Field;
use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use kernel::PersonId;
use people::{Person, persons::PersonFault};
use platform::Platform;
use table::{ClinicTable, Kept, keys::PersonKey};

use super::view::PersonView;

pub(super) async fn read(table: &ClinicTable, id: PersonId) -> Result<Kept<Person>, Problem> {
    Ok(table.get(&PersonKey { person: id }).await?.ok_or(PersonFault::NotFound(id))?)
}

/// One person
///
/// Of somebody who was merged into another person or deleted at the source the trace is shown.
#[utoipa::path(
    get,
    path = "/v1/people/{id}",
    operation_id = "show_person",
    tag = "people",
    params(("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("permission patient:read"))),
    responses((status = 200, description = "The person.", body = PersonView)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
) -> Result<Versioned<PersonView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let kept = read(&table, id).await?;
    let fields =
        staff.shown(&[Field::PersonName, Field::PersonBirth, Field::PersonContacts, Field::PersonNotes]);
    audit::viewed(&table, &staff.actor(), "person.viewed", &fields, [id]).await?;
    Ok(PersonView::versioned(&kept, &staff))
}

#[cfg(test)]
mod tests {
    use kernel::{Id as _, PersonId};
    use serde_json::{Value, json};

    use crate::testing::House;

    /// P-06, Q-03
    #[tokio::test]
    async fn a_person_is_shown_to_those_who_may_see_them_and_that_is_noted() {
        let house = House::open().await;
        let data = json!({ "given_name": "Ana", "family_name": "Reyes", "birth_date": "1990-05-01",
            "text": "(212) 555-0123" });
        let id = house.told("person", "p1", 1, data).await;
        let path = format!("/v1/people/{id}");
        let person = house.get("front_desk", &path).await;
        assert_eq!((&person["given"], &person["birth_date"]), (&json!("Ana"), &json!("1990-05-01")));
        assert_eq!(person["contacts"][0]["value"], "+12125550123");
        let masked = house.get("read_only", &path).await;
        assert_eq!((&masked["given"], &masked["birth_date"]), (&Value::Null, &Value::Null));
        assert_eq!(
            (&masked["contacts"][0]["kind"], &masked["contacts"][0]["value"]),
            (&json!("TEXT"), &Value::Null)
        );
        let log =
            house.get("clinic_admin", &format!("/v1/audit?staff={}", House::caller("front_desk"))).await;
        assert_eq!(log["items"][0]["action"], "person.viewed");
        let nobody = format!("/v1/people/{}", PersonId::derived(&["elsewhere"]));
        let (status, problem) = house.send("front_desk", "GET", &nobody, None, None).await;
        assert_eq!((status, &problem["code"]), (404, &json!("person_not_found")));
    }
}
