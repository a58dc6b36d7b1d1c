//! `GET /v1/audit`

use access::Field;
use audit::{
    Access, AccessKind, Change, Entry, Outcome, Severity, Subject, Who, by_clinic, by_patient, record,
};
use axum::extract::State;
use edge::{Json, Page, Problem, Query, Staff};
use kernel::{CallerId, Cursor, Detail, EventId, Kind, Limit, PersonId, RequestId, Timestamp};
use platform::Platform;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::words;

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only what concerns this patient.
    #[param(value_type = words::PersonId, inline, required = false)]
    patient: Option<PersonId>,
    /// Only what this member of the staff did; not together with `patient`.
    #[param(value_type = words::CallerId, inline, required = false)]
    staff: Option<CallerId>,
    /// How many entries, 1 to 100.
    #[serde(default, deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// One thing that somebody did, or tried to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "evt_01m8cz00000000000000000000",
    "at": "2026-11-22T08:00:00Z",
    "who": { "kind": "staff", "id": "usr_01m8cz00000000000000000000", "role": "clinic_admin" },
    "action": "role.granted",
    "severity": "CRITICAL",
    "outcome": "allowed",
    "subject": { "kind": "role", "id": "front_desk" },
    "patients": [],
    "changes": [{ "field": "comms:send_bulk", "before": false, "after": true }]
}))]
pub(super) struct AuditEntry {
    #[schema(value_type = String)]
    id: EventId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `kind` is `staff` (with `id` and `role`), `patient` (with `id`), `system` or `outside` (with `name`).
    #[schema(value_type = Object)]
    who: Who,
    /// `thing.done`.
    action: String,
    /// `INFO`, `WARNING` or `CRITICAL`.
    #[schema(value_type = String)]
    severity: Severity,
    /// `allowed` or `denied`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// To what: `kind` and `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    subject: Option<Subject>,
    /// The patients it concerns.
    #[schema(value_type = Vec<String>)]
    patients: Vec<PersonId>,
    /// How patient data was reached: `kind`, `fields`, `purpose`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    access: Option<Access>,
    /// Fields that changed: `field` and, where they are not personal, `before` and `after`.
    #[schema(value_type = Vec<Object>)]
    changes: Vec<Change>,
    /// The request, for those who may see it (`audit:view_full`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    request: Option<RequestId>,
    /// The address it came from, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    from: Option<std::net::IpAddr>,
}

/// Who did what, newest first
///
/// A page may be short, even empty, and still have a `next`. Reading the log is written into it.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "list_audit_entries",
    tag = "audit",
    params(Filter),
    extensions(("x-access" = json!("permission audit:view_logs"))),
    responses((status = 200, description = "A page of the log.", body = Page<AuditEntry>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let after = filter.cursor.as_ref();
    let page = match (filter.patient, filter.staff) {
        (Some(_), Some(_)) => {
            let wrong = [Detail::new("staff", "cannot be asked for together with `patient`")];
            return Err(Problem::new(Kind::Invalid, "query_invalid", "one filter at a time").at(wrong));
        }
        (Some(patient), None) => by_patient(&table, patient, filter.limit, after).await?,
        (None, by) => by_clinic(&table, by, filter.limit, after).await?,
    };
    let mut deed = staff.actor().did("audit.viewed");
    if let Some(patient) = filter.patient {
        let fields = vec!["audit".to_owned()];
        deed = deed.patient(patient).access(Access { kind: AccessKind::View, fields, purpose: None });
    }
    record(&table, deed).await?;
    let full = staff.shows(Field::AuditOrigin);
    Ok(Json(Page::of(page, |entry| show(entry, full))))
}

fn show(entry: Entry, full: bool) -> AuditEntry {
    AuditEntry {
        id: entry.id,
        at: entry.at,
        who: entry.who,
        action: entry.action,
        severity: entry.severity,
        outcome: entry.outcome,
        subject: entry.subject,
        patients: entry.patients,
        access: entry.access,
        changes: entry.changes,
        request: entry.request.filter(|_| full),
        from: entry.from.filter(|_| full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;
    use audit::{Actor, viewed};
    use kernel::Id as _;
    use serde_json::json;

    ///
    #[tokio::test]
    async fn who_saw_a_patient_is_found_by_patient_and_by_member_of_the_staff() {
        let house = House::new().await;
        let (ana, ben) = (PersonId::derived(&["ana"]), PersonId::derived(&["ben"]));
        let table = house.platform.table.of(house.clinic);
        viewed(&table, &Actor::system("test"), "people.viewed", &["name"], [ana]).await.unwrap();
        house.get("doctor", "/v1/me").await;
        house.send("doctor", "GET", "/v1/audit", None, None).await;
        let page = house.get("clinic_admin", &format!("/v1/audit?patient={ana}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(page["items"][0]["access"]["kind"], "VIEW");
        let page = house.get("clinic_admin", &format!("/v1/audit?patient={ben}")).await;
        assert_eq!(page["items"], json!([]));
        let page = house.get("clinic_admin", &format!("/v1/audit?staff={}", House::caller("doctor"))).await;
        assert_eq!(page["items"][0]["outcome"], "denied");
        assert!(page["items"][0]["request"].is_string());
    }

    #[tokio::test]
    async fn two_filters_at_once_and_a_strange_cursor_are_refused() {
        let house = House::new().await;
        let both = format!("/v1/audit?patient={}&staff={}", PersonId::FIRST, CallerId::FIRST);
        assert_eq!(house.send("clinic_admin", "GET", &both, None, None).await.0, 422);
        let strange = house.send("clinic_admin", "GET", "/v1/audit?cursor=x", None, None).await;
        assert_eq!((strange.0, strange.1["code"].as_str()), (400, Some("cursor_invalid")));
    }
}
