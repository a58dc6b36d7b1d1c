//! `GET /v1/suppressions`

use axum::extract::State;
use edge::{Json, Page, Paging, Problem, Query, Staff};
use platform::Platform;
use table::Kept;

use crate::routes::consents::StandingView;

/// The addresses that messages are stopped to, newest first
///
/// A moment behind; what the send gate reads is not.
#[utoipa::path(
    get,
    path = "/v1/suppressions",
    operation_id = "list_suppressions",
    tag = "consent",
    params(Paging),
    extensions(("x-access" = json!("permission consent:read"))),
    responses((status = 200, description = "A page of addresses.", body = Page<StandingView>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<StandingView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let page = consent::list_suppressions(&table, paging.limit, paging.cursor.as_ref()).await?;
    let page = Page::of(page.map(Kept::into_value), |standing| StandingView::of(standing, None));
    let people = page.items.iter().flat_map(|standing| standing.people.iter().copied());
    audit::viewed(&table, &staff.actor(), "suppressions.viewed", &["suppressions"], people).await?;
    Ok(Json(page))
}

#[cfg(test)]
mod tests {
    use crate::routes::consents::testing::{Family, ends, recorded};
    use serde_json::json;

    /// D-11
    #[tokio::test]
    async fn suppressed_addresses_are_listed_with_why_and_since_when() {
        let (house, family) = Family::new().await;
        recorded(&house, family.ana, ends(family.anas_text, "2026-11-20T08:00:00Z")).await;
        for (contact, why) in [(family.anas_mail, "mistyped"), (family.anas_text, "moved away")] {
            let body = json!({ "person": family.ana, "contact": contact, "reason": "STAFF", "why": why });
            let (status, _) = house.send("front_desk", "POST", "/v1/suppressions", Some(body), None).await;
            assert_eq!(status, 201);
        }
        let first = house.get("doctor", "/v1/suppressions?limit=1").await;
        assert_eq!(
            (&first["items"][0]["ending"], first["items"].as_array().unwrap().len()),
            (&json!("23"), 1)
        );
        let reasons: Vec<_> =
            first["items"][0]["stops"].as_array().unwrap().iter().map(|stop| &stop["reason"]).collect();
        assert_eq!(reasons, [&json!("STAFF"), &json!("TOLD")]);
        let next = first["next"].as_str().unwrap();
        let second = house.get("doctor", &format!("/v1/suppressions?limit=1&cursor={next}")).await;
        assert_eq!(second["items"][0]["ending"], "@example.com");
        let log = house.get("clinic_admin", &format!("/v1/audit?patient={}", family.ana)).await;
        assert_eq!(log["items"][0]["action"], "suppressions.viewed");
        assert_eq!(house.send("billing", "GET", "/v1/suppressions", None, None).await.0, 403);
    }
}
