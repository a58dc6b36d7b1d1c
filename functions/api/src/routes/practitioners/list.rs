//! `GET /v1/practitioners`

use axum::extract::State;
use edge::{Json, Page, Paging, Problem, Query, Staff};
use kernel::PractitionerId;
use people::Practitioner;
use platform::Platform;
use serde::Serialize;
use table::{Kept, keys::PractitionerKey};
use utoipa::ToSchema;

/// A member of the staff whom patients see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "pra_01m8cz00000000000000000000",
    "version": 1,
    "name": "Dr. Maria Fernanda Albuquerque",
    "display": "Dr. M. F. Albuquerque",
    "role": "orthodontist",
    "active": true,
    "source": "pms"
}))]
pub(super) struct PractitionerView {
    #[schema(value_type = String)]
    id: PractitionerId,
    version: u64,
    name: String,
    /// The name in messages.
    display: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// Whether they work here now.
    active: bool,
    /// The system it comes from.
    source: String,
}

impl From<Kept<Practitioner>> for PractitionerView {
    fn from(kept: Kept<Practitioner>) -> Self {
        let version = kept.rev();
        let practitioner = kept.into_value();
        Self {
            id: practitioner.id,
            version,
            name: practitioner.name,
            display: practitioner.display,
            role: practitioner.role,
            active: practitioner.active,
            source: practitioner.origin.source,
        }
    }
}

/// The members of the staff whom patients see
#[utoipa::path(
    get,
    path = "/v1/practitioners",
    operation_id = "list_practitioners",
    tag = "clinic",
    params(Paging),
    extensions(("x-access" = json!("any staff"))),
    responses((status = 200, description = "A page of members of the staff.", body = Page<PractitionerView>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<PractitionerView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let span = PractitionerKey::within();
    let there = |practitioner: &Practitioner| practitioner.deleted_at.is_none();
    let page = table.list_where(&span, paging.limit, paging.cursor.as_ref(), there).await?;
    Ok(Json(Page::of(page, PractitionerView::from)))
}
