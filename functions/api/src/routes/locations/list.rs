//! `GET /v1/locations`

use std::collections::BTreeMap;

use axum::extract::State;
use edge::{Json, Page, Paging, Problem, Query, Staff};
use jiff::civil::Date;
use kernel::{LocationId, Phone, Zone};
use people::{Location, location::Hours};
use platform::Platform;
use serde::Serialize;
use table::{Kept, keys::LocationKey};
use utoipa::ToSchema;

use crate::routes::clinic::PostalAddress;

/// A place where visits happen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "loc_01m8cz00000000000000000000",
    "version": 1,
    "name": "Elm Street",
    "zone": "America/New_York",
    "office_number": "4B",
    "phone": "+12125550100",
    "address": { "street": "12 Elm Street", "city": "Albany" },
    "hours": { "monday": [{ "from": "08:00:00", "to": "17:00:00" }] },
    "holidays": { "2026-11-26": "Thanksgiving" },
    "source": "pms"
}))]
pub(super) struct LocationView {
    #[schema(value_type = String)]
    id: LocationId,
    version: u64,
    name: String,
    #[schema(value_type = String)]
    zone: Zone,
    /// The room or office.
    #[serde(skip_serializing_if = "Option::is_none")]
    office_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    phone: Option<Phone>,
    address: PostalAddress,
    /// For each day of the week the stretches in which it is open.
    #[schema(value_type = Object)]
    hours: Hours,
    /// Days on which it is closed.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    holidays: BTreeMap<Date, String>,
    /// The system it comes from.
    source: String,
}

impl From<Kept<Location>> for LocationView {
    fn from(kept: Kept<Location>) -> Self {
        let version = kept.rev();
        let place = kept.into_value();
        Self {
            id: place.id,
            version,
            name: place.name,
            zone: place.zone,
            office_number: place.office_number,
            phone: place.phone,
            address: (&place.address).into(),
            hours: place.hours,
            holidays: place.holidays,
            source: place.origin.source,
        }
    }
}

/// The places where visits happen
#[utoipa::path(
    get,
    path = "/v1/locations",
    operation_id = "list_locations",
    tag = "clinic",
    params(Paging),
    extensions(("x-access" = json!("any staff"))),
    responses((status = 200, description = "A page of places.", body = Page<LocationView>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<LocationView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let span = LocationKey::within();
    let there = |place: &Location| place.deleted_at.is_none();
    let page = table.list_where(&span, paging.limit, paging.cursor.as_ref(), there).await?;
    Ok(Json(Page::of(page, LocationView::from)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::House;

    #[tokio::test]
    async fn places_and_those_who_work_there_are_listed_without_those_that_are_gone() {
        let house = House::open().await;
        let told = [
            (
                "location",
                "elm",
                json!({ "name": "Elm Street", "zone": "America/New_York", "office_number": "4B" }),
            ),
            ("location", "oak", json!({ "name": "Oak Street" })),
            ("practitioner", "costa", json!({ "name": "Dr. Ana Costa", "role": "orthodontist" })),
        ];
        for (kind, id, data) in told {
            house.told(kind, id, 1, data).await;
        }
        let gone = "/v1/mirror/location/pms/oak?version=2";
        assert_eq!(house.send("clinic_admin", "DELETE", gone, None, None).await.0, 200);
        let page = house.get("read_only", "/v1/locations").await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&page["items"][0]["name"], &page["items"][0]["office_number"]),
            (&json!("Elm Street"), &json!("4B"))
        );
        let page = house.get("read_only", "/v1/practitioners").await;
        assert_eq!(
            (&page["items"][0]["display"], &page["items"][0]["role"]),
            (&json!("Dr. Ana Costa"), &json!("orthodontist"))
        );
    }
}
