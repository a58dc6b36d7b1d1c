//! `GET /v1/templates/{id}`

use axum::extract::State;
use edge::{Path, Problem, Staff, Versioned};
use kernel::TemplateId;
use platform::Platform;

use super::view::TemplateView;

/// One template and what its newest version says
#[utoipa::path(
    get,
    path = "/v1/templates/{id}",
    operation_id = "show_template",
    tag = "templates",
    params(("id" = String, Path, description = "The template.", example = "tpl_01m8cz00000000000000000000")),
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The template.", body = TemplateView)),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<TemplateId>,
) -> Result<Versioned<TemplateView>, Problem> {
    let table = platform.table.of(staff.clinic);
    let kept = templates::get(&table, id).await?;
    Ok(TemplateView::whole(&table, &kept).await?.versioned())
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use kernel::{ClinicId, Id as _, TemplateId};
    use templates::seed_id;

    #[tokio::test]
    async fn a_template_of_another_clinic_is_not_there() {
        let house = House::new().await;
        let other = house.platform.table.of(ClinicId::derived(&["other"]));
        let seeded = templates::seed(&other).await.unwrap();
        let theirs = seed_id(&other, &seeded.created[0]);
        assert!(templates::get(&other, theirs).await.is_ok());
        for id in [theirs.to_string(), TemplateId::LAST.to_string(), "tpl_x".to_owned()] {
            let path = format!("/v1/templates/{id}");
            assert_eq!(house.send("clinic_admin", "GET", &path, None, None).await.0, 404, "{id}");
        }
    }
}
