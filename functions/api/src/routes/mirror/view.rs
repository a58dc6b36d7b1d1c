//! What a statement of another system did.

use automations::Reminders;
use edge::{Problem, Staff};
use kernel::{AppointmentId, LocationId, PersonId, PractitionerId};
use people::{
    mirror::{self, Effect, Kind, Put},
    origin::mirrored,
};
use serde::Serialize;
use table::ClinicTable;
use utoipa::ToSchema;

/// What a statement did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": "per_01m8cz00000000000000000000", "effect": "CREATED" }))]
pub(super) struct Mirrored {
    /// Our id of the thing.
    id: String,
    /// `CREATED`, `UPDATED`, `UNCHANGED`, or `SAME` or `OLDER` for what was known already and is ignored.
    #[schema(value_type = String)]
    effect: Effect,
}

/// Takes a statement and plans the reminders that follow from it.
pub(super) async fn take(table: &ClinicTable, staff: &Staff, said: Put<'_>) -> Result<Mirrored, Problem> {
    let (kind, source, id) = (said.kind, said.source, said.id);
    let effect = mirror::put(table, &Reminders::of(table), &staff.actor(), said).await?;
    let id = match kind {
        Kind::Person => mirrored::<PersonId>(table, source, id).to_string(),
        Kind::Appointment => mirrored::<AppointmentId>(table, source, id).to_string(),
        Kind::Practitioner => mirrored::<PractitionerId>(table, source, id).to_string(),
        Kind::Location => mirrored::<LocationId>(table, source, id).to_string(),
    };
    Ok(Mirrored { id, effect })
}
