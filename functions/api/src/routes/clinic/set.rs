//! `PUT /v1/clinic`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Problem, Staff, Versioned};
use people::{Clinic, clinic::ClinicFault};
use platform::Platform;

use super::view::{ClinicSettings, ClinicView};

/// Set what the clinic's messages need to know of it
///
/// A clinic that was not set up yet has version 0. Numbers and mailboxes belong to one clinic only.
#[utoipa::path(
    put,
    path = "/v1/clinic",
    operation_id = "set_clinic",
    tag = "clinic",
    params(IfMatchHeader),
    request_body = ClinicSettings,
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "The clinic as it is now.", body = ClinicView)),
)]
pub(super) async fn set(
    State(platform): State<Platform>,
    staff: Staff,
    if_match: IfMatch,
    Json(wanted): Json<ClinicSettings>,
) -> Result<Versioned<ClinicView>, Problem> {
    let clinic = wanted.of(staff.clinic);
    match clinic.change(&platform.table, &staff.actor(), if_match.0).await {
        Ok(version) => Ok(ClinicView::of(version, clinic).versioned()),
        Err(ClinicFault::Stale { .. }) => {
            let now = Clinic::read(&platform.table.of(staff.clinic)).await?;
            Err(Problem::stale(&now.map(ClinicView::kept)))
        }
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, Id as _};
    use serde_json::{Value, json};

    use crate::testing::House;

    const AT: &str = "/v1/clinic";

    fn settings() -> Value {
        json!({
            "name": "Bright Smiles Dental, LLC",
            "brand": "Bright Smiles",
            "zone": "America/New_York",
            "state": "NY",
            "language": "en",
            "text": { "number": "+12125550100" },
            "mail": { "address": "hello@clinic.example", "name": "Bright Smiles" },
            "window": { "from": "08:00", "to": "21:00" },
            "marketing_window": { "from": "09:00", "to": "17:00" }
        })
    }

    async fn put(house: &House, version: &str, body: Value) -> (u16, Value) {
        house.send("clinic_admin", "PUT", AT, Some(body), Some(version)).await
    }

    /// Z-11
    #[tokio::test]
    async fn a_clinic_is_set_up_and_changed_by_who_has_seen_the_latest() {
        let house = House::new().await;
        assert_eq!(house.send("doctor", "GET", AT, None, None).await.0, 404);
        let (status, made) = put(&house, "0", settings()).await;
        assert_eq!((status, &made["version"], &made["region"]), (200, &json!(1), &json!("US")), "{made}");
        assert_eq!(house.get("read_only", AT).await, made);
        let mut other = settings();
        other["text"] = json!({ "number": "+12125550101", "service": "MG1" });
        assert_eq!(put(&house, "1", other.clone()).await.1["text"]["service"], "MG1");
        let (status, problem) = put(&house, "1", settings()).await;
        assert_eq!((status, &problem["current"]["version"]), (409, &json!(2)));
        let log = house.get("clinic_admin", "/v1/audit").await;
        assert_eq!(log["items"][0]["changes"], json!([{ "field": "text" }]));
        assert_eq!(house.send("front_desk", "PUT", AT, Some(settings()), Some("2")).await.0, 403);
    }

    #[tokio::test]
    async fn a_number_of_another_clinic_and_what_cannot_be_are_told_by_field() {
        let house = House::new().await;
        let other = ClinicId::derived(&["other"]);
        house.platform.table.shared().claim_address("+12125550100", other).await.unwrap();
        let (status, problem) = put(&house, "0", settings()).await;
        assert_eq!((status, &problem["code"]), (409, &json!("address_taken")));
        assert_eq!(problem["errors"][0]["pointer"], "/text/number");
        let mut wrong = settings();
        wrong["brand"] = json!("A name that is longer than a text has room for");
        wrong["window"] = json!({ "from": "21:00", "to": "08:00" });
        let (status, problem) = put(&house, "0", wrong).await;
        let at: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
        assert_eq!((status, at), (422, vec![&json!("/brand"), &json!("/window")]));
        let mut wrong = settings();
        wrong["zone"] = json!("Mars/Base");
        let (status, problem) = put(&house, "0", wrong).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/zone")));
    }
}
