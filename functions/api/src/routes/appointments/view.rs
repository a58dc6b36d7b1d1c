//! Visits as they are shown, and what every change of one has in common.

use access::Field;
use automations::Reminders;
use edge::{Problem, Staff, Versioned};
use jiff::civil::DateTime;
use kernel::{AppointmentId, LocationId, PersonId, PractitionerId, Timestamp, Zone};
use people::{
    Appointment,
    appointments::{Change, ChangeFault, How, change},
};
use serde::Serialize;
use table::{ClinicTable, Kept, keys::AppointmentKey};
use utoipa::ToSchema;

use crate::routes::people::names::Names;

/// A visit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "apt_01m8cz00000000000000000000",
    "version": 2,
    "person": "per_01m8cz00000000000000000000",
    "name": "Ana Reyes",
    "service_type": "Cleaning",
    "starts_at": "2026-11-24T19:30:00Z",
    "ends_at": "2026-11-24T20:00:00Z",
    "zone": "America/New_York",
    "wall": "2026-11-24T14:30:00",
    "status": "CONFIRMED",
    "confirmation": { "answer": "CONFIRMED", "by": "usr_01m8cz00000000000000000000",
        "at": "2026-11-22T15:00:00Z", "how": "PHONE" },
    "out_of_reach": false,
    "first_visit": false,
    "online": false,
    "booked_at": "2026-11-01T10:00:00Z",
    "source": "pms"
}))]
pub(super) struct AppointmentView {
    #[schema(value_type = String)]
    id: AppointmentId,
    version: u64,
    #[schema(value_type = String)]
    person: PersonId,
    /// For those who may see who patients are.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    practitioner: Option<PractitionerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    location: Option<LocationId>,
    /// What for, for those who may see what concerns patients.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_type: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
    /// The zone of the place.
    #[schema(value_type = String)]
    zone: Zone,
    /// What the clock on the wall of the place shows when it begins.
    #[schema(value_type = String)]
    wall: DateTime,
    /// `SCHEDULED`, `CONFIRMED`, `ARRIVED`, `IN_PROGRESS`, `COMPLETED`, `INCOMPLETE`, `NO_SHOW` or `CANCELLED`.
    status: &'static str,
    confirmation: ConfirmationView,
    /// An attempt to reach the patient about it failed.
    out_of_reach: bool,
    first_visit: bool,
    /// It takes place over a video link.
    online: bool,
    /// Why it was called off, for those who may see what concerns patients.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    booked_at: Timestamp,
    /// Deleted at the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
    /// The system it comes from.
    source: String,
}

/// What the patient said about coming.
#[derive(Debug, Serialize, ToSchema)]
struct ConfirmationView {
    /// `UNCONFIRMED`, `PENDING` (asked, no answer), `CONFIRMED` or `DECLINED`.
    answer: &'static str,
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// `REPLY`, `LINK`, `PORTAL`, `PHONE` or `SOURCE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    how: Option<How>,
}

impl AppointmentView {
    pub(super) fn of(kept: &Kept<Appointment>, staff: &Staff, names: &Names) -> Self {
        let visit: &Appointment = kept;
        Self {
            id: visit.id,
            version: kept.rev(),
            person: visit.person,
            name: names.get(visit.person),
            practitioner: visit.practitioner,
            location: visit.location,
            service_type: visit.service_type.clone().filter(|_| staff.shows(Field::VisitService)),
            starts_at: visit.starts_at,
            ends_at: visit.ends_at,
            zone: visit.zone.clone(),
            wall: visit.wall,
            status: visit.status.name(),
            confirmation: ConfirmationView {
                answer: visit.confirmation.answer.name(),
                by: visit.confirmation.by.clone(),
                at: visit.confirmation.at,
                how: visit.confirmation.how,
            },
            out_of_reach: visit.out_of_reach,
            first_visit: visit.first_visit,
            online: visit.online,
            cancel_reason: visit.cancel_reason.clone().filter(|_| staff.shows(Field::PersonNotes)),
            booked_at: visit.created_at,
            deleted_at: visit.deleted_at,
            source: visit.origin.source.clone(),
        }
    }
}

pub(super) async fn read(table: &ClinicTable, id: AppointmentId) -> Result<Kept<Appointment>, Problem> {
    Ok(table.get(&AppointmentKey { appointment: id }).await?.ok_or(ChangeFault::NotFound(id))?)
}

/// A visit as it is now.
pub(super) async fn shown(
    table: &ClinicTable,
    staff: &Staff,
    id: AppointmentId,
) -> Result<AppointmentView, Problem> {
    let kept = read(table, id).await?;
    let names = Names::of(table, staff, [kept.person]).await?;
    Ok(AppointmentView::of(&kept, staff, &names))
}

/// Changes a visit, with the plan of its reminders, and shows what it is now.
pub(super) async fn changed(
    table: &ClinicTable,
    staff: &Staff,
    id: AppointmentId,
    version: Option<u64>,
    what: Change,
) -> Result<Versioned<AppointmentView>, Problem> {
    match change(table, &Reminders::of(table), &staff.actor(), id, version, &what).await {
        Ok(_) => {
            let view = shown(table, staff, id).await?;
            Ok(Versioned(view.version, view))
        }
        Err(ChangeFault::Stale { .. }) => Err(Problem::stale(&shown(table, staff, id).await?)),
        Err(fault) => Err(fault.into()),
    }
}
