//! `GET /v1/me`

use std::collections::BTreeMap;

use access::{Area, Clinics, Field};
use edge::{Json, Staff};
use kernel::{CallerId, ClinicId};
use serde::Serialize;
use utoipa::ToSchema;

/// Whoever is calling, and what they may do in this clinic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "usr_01m8cz00000000000000000000",
    "role": "front_desk",
    "clinic": "cln_01m8cz00000000000000000000",
    "all_clinics": false,
    "clinics": ["cln_01m8cz00000000000000000000"],
    "levels": { "messaging": "full", "leads": "edit", "intake": "full" },
    "permissions": ["lead:create", "comms:send_message"],
    "fields": ["person.name", "person.contacts"]
}))]
pub(super) struct Me {
    #[schema(value_type = String)]
    id: CallerId,
    role: &'static str,
    /// The clinic that this request is for.
    #[schema(value_type = String)]
    clinic: ClinicId,
    /// Whether requests may be for any clinic.
    all_clinics: bool,
    /// The clinics that requests may be for, if not any.
    #[schema(value_type = Vec<String>)]
    clinics: Vec<ClinicId>,
    /// The level in each area.
    levels: BTreeMap<&'static str, &'static str>,
    /// The special permissions.
    permissions: Vec<&'static str>,
    /// The groups of patients' data that are shown: what the role's work needs.
    fields: Vec<&'static str>,
}

/// Who am I, and what may I do here
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "show_me",
    tag = "access",
    extensions(("x-access" = json!("any staff"))),
    responses((status = 200, description = "The caller.", body = Me)),
)]
pub(super) async fn show(staff: Staff) -> Json<Me> {
    let (all_clinics, clinics) = match &staff.clinics {
        Clinics::All => (true, Vec::new()),
        Clinics::Some(clinics) => (false, clinics.clone()),
    };
    Json(Me {
        id: staff.id,
        role: staff.role.name(),
        clinic: staff.clinic,
        all_clinics,
        clinics,
        levels: Area::ALL.iter().map(|area| (area.name(), staff.level(*area).name())).collect(),
        permissions: staff.rights.permissions().map(access::Permission::name).collect(),
        fields: staff.shown(Field::ALL),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[tokio::test]
    async fn a_caller_learns_role_and_rights() {
        let house = House::new().await;
        let me = house.get("front_desk", "/v1/me").await;
        assert_eq!(me["role"], "front_desk");
        assert_eq!(me["levels"]["messaging"], "full");
        assert_eq!(me["clinic"], house.clinic.to_string());
        assert!(me["permissions"].as_array().unwrap().contains(&"records:prepare".into()));
        assert_eq!(house.get("super_admin", "/v1/me").await["all_clinics"], true);
    }
}
