//! `POST /v1/suppressions/{id}/release`

use axum::extract::State;
use consent::{
    ConsentFault, Scope,
    ledger::{Standing, StopReason},
};
use edge::{Json, Path, Problem, Staff};
use kernel::{Category, Kind, Masked};
use platform::Platform;
use serde::Deserialize;
use table::{Digest, keys::StandingKey};
use utoipa::ToSchema;

use crate::routes::consents::StandingView;
use crate::words;

/// What is to be taken back, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "HARD_BOUNCE", "why": "the mailbox was full for a week" }))]
pub(super) struct Release {
    /// Of the stops at the address, the one with this reason …
    #[schema(value_type = words::StopReason)]
    reason: StopReason,
    /// … and for this kind of message; for everything if absent.
    #[schema(value_type = Option<words::Category>)]
    category: Option<Category>,
    /// In the words of the staff, 1 to 500 characters.
    #[schema(value_type = String)]
    why: Masked<String>,
}

/// Take a suppression back
///
/// What the reader has ended (a word such as STOP, a link, a complaint) nobody but the reader can begin again:
/// that is a conflict.
#[utoipa::path(
    post,
    path = "/v1/suppressions/{id}/release",
    operation_id = "release_suppression",
    tag = "consent",
    params(("id" = String, Path, description = "The id in the list.", example = "9f86d081884c7d659a2feaa0c55ad015")),
    request_body = Release,
    extensions(("x-access" = json!("messaging:full and permission consent:collect"))),
    responses(
        (status = 200, description = "What the address amounts to now.", body = StandingView),
        (status = 409, description = "It is not in force, or only its reader can take it back.")
    ),
)]
pub(super) async fn release(
    State(platform): State<Platform>,
    staff: Staff,
    Path(address): Path<Digest>,
    Json(Release { reason, category, why }): Json<Release>,
) -> Result<Json<StandingView>, Problem> {
    let table = platform.table.of(staff.clinic);
    if table.get::<Standing>(&StandingKey { address }).await?.is_none() {
        return Err(edge::not_found());
    }
    let stop = (category.map_or(Scope::All, Scope::Category), reason);
    match consent::release(&table, address, stop, why.reveal(), &staff.actor()).await {
        Ok(standing) => Ok(Json(StandingView::of(standing, None))),
        Err(fault @ ConsentFault::OnlyTheReader) => Err(Problem::new(
            Kind::Conflict,
            kernel::Fault::code(&fault),
            "the reader of this address has ended messages, and only the reader can begin them again: by texting \
             START, or by a new opt-in that is recorded with its evidence",
        )),
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        routes::consents::testing::{Family, ends, recorded},
        testing::House,
    };
    use kernel::PersonId;
    use serde_json::{Value, json};

    async fn released(house: &House, id: &str, body: Value) -> (u16, Value) {
        house.send("front_desk", "POST", &format!("/v1/suppressions/{id}/release"), Some(body), None).await
    }

    /// D-11
    #[tokio::test]
    async fn a_bounce_is_released_with_a_reason_and_an_opt_out_is_not() {
        let (house, family) = Family::new().await;
        let ended = recorded(&house, family.ana, ends(family.anas_mail, "2026-11-20T08:00:00Z")).await;
        let contact = family.anas_mail;
        let body =
            json!({ "person": family.ana, "contact": contact, "reason": "HARD_BOUNCE", "why": "came back" });
        let (status, now) = house.send("front_desk", "POST", "/v1/suppressions", Some(body), None).await;
        assert_eq!((status, &now["id"]), (201, &ended["id"]));
        let id = now["id"].as_str().unwrap();
        let bounce = json!({ "reason": "HARD_BOUNCE", "why": "the mailbox was full" });
        let (status, now) = released(&house, id, bounce.clone()).await;
        let stops: Vec<_> = now["stops"].as_array().unwrap().iter().map(|stop| &stop["in_force"]).collect();
        assert_eq!((status, stops), (200, vec![&json!(false), &json!(true)]));
        let (status, problem) = released(&house, id, bounce).await;
        assert_eq!((status, &problem["code"]), (409, &json!("not_suppressed")));
        let (status, problem) = released(&house, id, json!({ "reason": "TOLD", "why": "they asked" })).await;
        assert_eq!((status, &problem["code"]), (409, &json!("needs_new_opt_in")));
        assert!(problem["detail"].as_str().unwrap().contains("START"));
    }

    #[tokio::test]
    async fn what_is_not_there_or_has_no_reason_is_refused() {
        let (house, family) = Family::new().await;
        let body = || json!({ "reason": "STAFF", "why": "mended" });
        let unknown = "0123456789abcdef0123456789abcdef";
        for id in [unknown, "x", &PersonId::LAST.to_string()] {
            assert_eq!(released(&house, id, body()).await.0, 404, "{id}");
        }
        let suppress = json!({
            "person": family.ana, "contact": family.anas_text, "reason": "STAFF", "why": "for now"
        });
        let (_, now) = house.send("front_desk", "POST", "/v1/suppressions", Some(suppress), None).await;
        let id = now["id"].as_str().unwrap();
        let (status, problem) = released(&house, id, json!({ "reason": "STAFF", "why": " " })).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/why")));
        let path = format!("/v1/suppressions/{id}/release");
        assert_eq!(house.send("clinical_staff", "POST", &path, Some(body()), None).await.0, 403);
        assert_eq!(released(&house, id, body()).await.0, 200);
    }
}
