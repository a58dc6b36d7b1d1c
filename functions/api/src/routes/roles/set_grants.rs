//! `PUT /v1/roles/{role}/grants`

use std::collections::{BTreeMap, BTreeSet};

use access::{Area, Level, Permission, Rights, Role, RoleGrant};
use audit::{Deed, Severity};
use axum::extract::State;
use edge::{IfMatch, IfMatchHeader, Json, Path, Problem, Staff, Versioned};
use platform::Platform;
use serde::Deserialize;
use utoipa::ToSchema;

use super::grants::{Grants, version};

/// Where a role differs from the standard in this clinic. It takes the place of what there was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "levels": { "records": "view" }, "given": ["comms:send_bulk"], "withheld": [] }))]
pub(super) struct SetGrants {
    /// Levels by area.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    levels: BTreeMap<Area, Level>,
    /// Permissions beyond the standard.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    given: BTreeSet<Permission>,
    /// Permissions of the standard to take away.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    withheld: BTreeSet<Permission>,
}

/// Grant a role more than the standard, or less
///
/// It holds from the next request on. Nobody grants beyond their own rights, nor to their own role; the rights of
/// the platform's administrators are fixed.
#[utoipa::path(
    put,
    path = "/v1/roles/{role}/grants",
    operation_id = "set_role_grants",
    tag = "access",
    params(("role" = String, Path, description = "The role.", example = "front_desk"), IfMatchHeader),
    request_body = SetGrants,
    extensions(("x-access" = json!("admin"))),
    responses((status = 200, description = "The grants as they are now.", body = Grants)),
)]
pub(super) async fn set_grants(
    State(platform): State<Platform>,
    staff: Staff,
    Path(role): Path<Role>,
    if_match: IfMatch,
    Json(wanted): Json<SetGrants>,
) -> Result<Versioned<Grants>, Problem> {
    let table = platform.table.of(staff.clinic);
    let before = RoleGrant::read(&table, role).await?;
    if_match.holds(version(before.as_ref()), || Grants::of(role, before.as_ref()))?;
    let grant = RoleGrant {
        role,
        levels: wanted.levels,
        given: wanted.given,
        withheld: wanted.withheld,
        at: platform.clock.now(),
        by: staff.id,
    };
    grant.allowed(before.as_deref(), &staff)?;
    let deed = differences(
        staff.actor().did("role.granted").on_word("role", role.name()).severity(Severity::Critical),
        &Rights::of(role, before.as_deref()),
        &Rights::of(role, Some(&grant)),
    );
    let mut write = table.write();
    match &before {
        Some(kept) => write.replace(kept, &grant),
        None => write.create(&grant),
    };
    write.create(&deed.entry(&table));
    match write.commit().await {
        Ok(()) => Ok(Grants::at(role, version(before.as_ref()) + 1, Some(&grant)).versioned()),
        Err(fault) if fault.is_conflict() => {
            Err(Problem::stale(&Grants::of(role, RoleGrant::read(&table, role).await?.as_ref())))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn differences(deed: Deed, old: &Rights, new: &Rights) -> Deed {
    let deed = Area::ALL
        .iter()
        .fold(deed, |deed, area| deed.change(area.name(), old.level(*area).name(), new.level(*area).name()));
    Permission::ALL.iter().fold(deed, |deed, permission| {
        deed.change(permission.name(), old.may(*permission), new.may(*permission))
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use serde_json::{Value, json};

    const DESK: &str = "/v1/roles/front_desk/grants";

    async fn set(house: &House, by: &str, path: &str, version: &str, body: Value) -> (u16, Value) {
        house.send(by, "PUT", path, Some(body), Some(version)).await
    }

    /// P-04, Q-02
    #[tokio::test]
    async fn a_grant_holds_from_the_next_request_on_and_is_in_the_log() {
        let house = House::new().await;
        let standard = house.get("clinic_admin", DESK).await;
        assert_eq!((&standard["version"], &standard["given"]), (&json!(0), &json!([])));
        let body = json!({ "given": ["comms:send_bulk"], "levels": { "records": "view" } });
        let (status, set_now) = set(&house, "clinic_admin", DESK, "0", body).await;
        assert_eq!((status, &set_now["version"]), (200, &json!(1)));
        assert_eq!(set_now, house.get("clinic_admin", DESK).await);
        let me = house.get("front_desk", "/v1/me").await;
        assert_eq!(me["levels"]["records"], "view");
        assert!(me["permissions"].as_array().unwrap().contains(&"comms:send_bulk".into()));
        let log = house.get("clinic_admin", "/v1/audit").await;
        let entry = &log["items"][0];
        assert_eq!((&entry["action"], &entry["severity"]), (&json!("role.granted"), &json!("CRITICAL")));
        assert_eq!(
            entry["changes"],
            json!([
                { "field": "records", "before": "edit", "after": "view" },
                { "field": "comms:send_bulk", "before": false, "after": true },
            ])
        );
    }

    /// P-04
    #[tokio::test]
    async fn own_role_fixed_role_and_more_than_one_has_are_refused() {
        let house = House::new().await;
        let taken = json!({ "withheld": ["portal:impersonate"] });
        let admin = "/v1/roles/clinic_admin/grants";
        let (status, problem) = set(&house, "clinic_admin", admin, "0", taken.clone()).await;
        assert_eq!((status, &problem["code"]), (403, &json!("role_is_your_own")));
        assert_eq!(set(&house, "super_admin", admin, "0", taken).await.0, 200);
        let given = json!({ "given": ["portal:impersonate"] });
        let (status, problem) = set(&house, "clinic_admin", DESK, "0", given.clone()).await;
        assert_eq!((status, &problem["code"]), (403, &json!("grant_beyond_own")));
        let (status, problem) = set(&house, "super_admin", "/v1/roles/super_admin/grants", "0", given).await;
        assert_eq!((status, &problem["code"]), (403, &json!("role_is_fixed")));
    }

    /// Z-11
    #[tokio::test]
    async fn a_grant_based_on_an_older_version_is_refused_with_the_newer() {
        let house = House::new().await;
        assert_eq!(set(&house, "clinic_admin", DESK, "0", json!({ "given": ["lead:assign"] })).await.0, 200);
        let (status, problem) = set(&house, "clinic_admin", DESK, "0", json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("version_is_stale")));
        assert_eq!(problem["current"]["given"], json!(["lead:assign"]));
        assert_eq!(set(&house, "clinic_admin", DESK, "1", json!({})).await.0, 200);
    }

    #[tokio::test]
    async fn what_is_not_known_is_named() {
        let house = House::new().await;
        let (status, problem) =
            set(&house, "clinic_admin", DESK, "0", json!({ "levels": { "leads": "most" } })).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/levels/leads")));
        let (status, _) = set(&house, "clinic_admin", "/v1/roles/owner/grants", "0", json!({})).await;
        assert_eq!(status, 404);
    }
}
