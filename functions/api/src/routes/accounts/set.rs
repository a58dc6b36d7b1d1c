//! `PUT /v1/provider-accounts`

use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Problem, Staff, Versioned};
use messaging::accounts::{self, Accounts, AccountsFault};
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{AccountSettings, AccountsView};

/// The accounts from now on, in the place of those there were. At most 20.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "accounts": [
        { "id": "twilio", "provider": "TWILIO", "priority": 1, "enabled": true },
        { "id": "vonage", "provider": "VONAGE", "priority": 2, "enabled": true,
          "own": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "number": "+12125550101" },
        { "id": "ses", "provider": "SES", "priority": 1, "enabled": true }
    ]
}))]
pub(super) struct SetAccounts {
    accounts: Vec<AccountSettings>,
}

/// Set through which accounts at providers the clinic sends
///
/// Messages that are sent from now on go through the first account of their channel that is enabled, and through the
/// next when that one provably did not take them. What proves an account is no part of this: `needs` names the
/// secrets that an operator brings.
#[utoipa::path(
    put,
    path = "/v1/provider-accounts",
    operation_id = "set_provider_accounts",
    tag = "settings",
    params(IfMatchHeader),
    request_body = SetAccounts,
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "The accounts as they are now.", body = AccountsView)),
)]
pub(super) async fn set(
    State(platform): State<Platform>,
    staff: Staff,
    IfMatch(version): IfMatch,
    Json(SetAccounts { accounts }): Json<SetAccounts>,
) -> Result<Versioned<AccountsView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let new = Accounts { accounts: accounts.into_iter().map(Into::into).collect() };
    let view = |kept| AccountsView::of(&platform, staff.clinic, kept);
    match accounts::set(&platform.table, &table, &staff.actor(), version, new).await {
        Ok(kept) => Ok(view(Some(kept)).versioned()),
        Err(AccountsFault::Stale) => Err(Problem::stale(&view(accounts::kept(&table).await?))),
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, Id as _};
    use serde_json::{Value, json};

    use crate::testing::House;

    const AT: &str = "/v1/provider-accounts";

    async fn put(house: &House, version: &str, accounts: Value) -> (u16, Value) {
        house.send("clinic_admin", "PUT", AT, Some(json!({ "accounts": accounts })), Some(version)).await
    }

    fn twilio() -> Value {
        json!({ "id": "twilio", "provider": "TWILIO", "priority": 1, "enabled": true })
    }

    fn vonage() -> Value {
        json!({ "id": "v", "provider": "VONAGE", "priority": 2, "enabled": true, "own": "app-1", "number": "+12125550155" })
    }

    ///
    #[tokio::test]
    async fn changing_the_vendor_is_a_matter_of_settings() {
        let house = House::new().await;
        let before = house.get("clinic_admin", AT).await;
        assert_eq!((&before["version"], &before["accounts"][1]["provider"]), (&json!(0), &json!("SES")));
        let (status, now) = put(&house, "0", json!([vonage(), twilio()])).await;
        assert_eq!((status, &now["version"]), (200, &json!(1)), "{now}");
        assert_eq!(now["accounts"], json!([vonage(), twilio()]));
        let needs = &now["needs"][0];
        let clinic = needs["secret"].as_str().unwrap().split('/').nth(1).unwrap();
        assert_eq!(needs["hook_secret"], format!("clinics/{clinic}/v/hook"));
        assert!(needs["hooks"][0].as_str().unwrap().ends_with(&format!("/hooks/vonage/{clinic}/v")));
        assert_eq!(house.get("clinic_admin", AT).await, now);
        let (status, problem) = put(&house, "0", json!([])).await;
        assert_eq!((status, &problem["current"]), (409, &now));
        let log = house.get("clinic_admin", "/v1/audit").await;
        assert_eq!(log["items"][0]["action"], "accounts.set");
        assert!(!log["items"][0].to_string().contains("5550155"), "{log}");
    }

    #[tokio::test]
    async fn accounts_that_cannot_be_are_told_by_field_and_only_administrators_set_them() {
        let house = House::new().await;
        let mut wrong = vonage();
        wrong["id"] = json!("../other");
        wrong["priority"] = json!(0);
        let (status, problem) = put(&house, "0", json!([wrong])).await;
        let at: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
        assert_eq!((status, at), (422, vec![&json!("/accounts/0/id"), &json!("/accounts/0/priority")]));
        let other = ClinicId::derived(&["other"]);
        house.platform.table.shared().claim_address("+12125550155", other).await.unwrap();
        let (status, problem) = put(&house, "0", json!([vonage()])).await;
        assert_eq!((status, &problem["code"]), (409, &json!("address_taken")));
        let body = Some(json!({ "accounts": [] }));
        assert_eq!(house.send("front_desk", "PUT", AT, body, Some("0")).await.0, 403);
    }
}
