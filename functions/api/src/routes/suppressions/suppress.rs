//! `POST /v1/suppressions`

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use consent::{
    Address, Scope,
    ledger::{self, Evidence, Method, StopReason},
};
use edge::{Idempotency, IdempotencyHeader, Json, Problem, Staff};
use kernel::{Category, ContactId, Detail, Kind, Masked, PersonId};
use platform::Platform;
use serde::Deserialize;
use table::ClinicTable;
use utoipa::ToSchema;

use crate::routes::consents::{Readers, StandingView};
use crate::words;

/// An address to stop messages to: a contact point of a person, or the address itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "person": "per_01m8cz00000000000000000000",
    "contact": "con_01m8cz00000000000000000000",
    "reason": "WRONG_NUMBER",
    "why": "somebody else answered the phone"
}))]
pub(super) struct Suppress {
    /// The person it is about; needed with `contact`.
    #[schema(value_type = Option<words::PersonId>)]
    person: Option<PersonId>,
    /// A contact point of the person or of a guardian.
    #[schema(value_type = Option<words::ContactId>)]
    contact: Option<ContactId>,
    /// A number in international form or a mailbox, instead of `contact`.
    #[schema(value_type = Option<String>, example = "+12125550123")]
    address: Option<Masked<String>>,
    /// Only this kind of message; everything if absent.
    #[schema(value_type = Option<words::Category>)]
    category: Option<Category>,
    /// `STAFF`, `WRONG_NUMBER`, `INVALID`, `HARD_BOUNCE` or `COMPLAINT`. What a reader has ended is an opt-out and
    /// belongs to the consents of the person.
    #[schema(value_type = words::StopReason)]
    reason: StopReason,
    /// In the words of the staff, 1 to 500 characters.
    #[schema(value_type = String)]
    why: Masked<String>,
}

fn wrong(at: &str, says: &str) -> Problem {
    Problem::new(Kind::Invalid, "suppression_invalid", "the suppression cannot be")
        .at([Detail::new(at, says)])
}

async fn address(table: &ClinicTable, body: &Suppress) -> Result<(Address, Option<PersonId>), Problem> {
    match (body.person, body.contact, &body.address) {
        (Some(person), Some(contact), None) => {
            let readers = Readers::of(table, person).await?;
            Ok((readers.address(contact, "/contact")?.0, Some(readers.person.id)))
        }
        (person, None, Some(text)) => {
            let known = match person {
                Some(person) => Some(Readers::of(table, person).await?.person.id),
                None => None,
            };
            let address =
                Address::read(text.reveal()).map_err(|fault| wrong("/address", &fault.to_string()))?;
            Ok((address, known))
        }
        (None, Some(_), None) => Err(wrong("/person", "is required with a contact point")),
        _ => Err(wrong("", "names either `person` and `contact` or `address`")),
    }
}

/// Stop messages to an address
///
/// It holds at once, for everybody who shares the address, until it is released.
#[utoipa::path(
    post,
    path = "/v1/suppressions",
    operation_id = "suppress_address",
    tag = "consent",
    params(IdempotencyHeader),
    request_body = Suppress,
    extensions(("x-access" = json!("permission consent:collect"))),
    responses((status = 201, description = "What the address amounts to now.", body = StandingView)),
)]
pub(super) async fn suppress(
    State(platform): State<Platform>,
    staff: Staff,
    ids: Idempotency,
    Json(body): Json<Suppress>,
) -> Result<impl IntoResponse, Problem> {
    let table = platform.table.of(staff.clinic);
    if body.why.reveal().trim().is_empty() || body.why.reveal().chars().count() > 500 {
        return Err(wrong("/why", "a suppression has a reason of 1 to 500 characters"));
    }
    let (address, person) = address(&table, &body).await?;
    let scope = body.category.map_or(Scope::All, Scope::Category);
    let before = ledger::standing(&table, &address).await?;
    let in_force =
        before.stops.iter().any(|stop| stop.holds() && (stop.scope, stop.reason) == (scope, body.reason));
    // The run before this one got that far.
    if ids.is_again() && in_force {
        return Ok((StatusCode::CREATED, Json(StandingView::of(before, body.contact))));
    }
    let why = Masked::new(body.why.reveal().trim().to_owned());
    let evidence = Evidence { note: Some(why), ..Evidence::of(Method::Staff, platform.clock.now()) };
    let stop = (scope, body.reason);
    let standing = consent::suppress(&table, &address, person, stop, &staff.actor(), evidence).await?;
    Ok((StatusCode::CREATED, Json(StandingView::of(standing, body.contact))))
}

#[cfg(test)]
mod tests {
    use crate::routes::consents::testing::Family;
    use serde_json::json;

    const AT: &str = "/v1/suppressions";

    /// D-07, D-11
    #[tokio::test]
    async fn a_suppressed_number_stops_for_all_who_share_it() {
        let (house, family) = Family::new().await;
        let body =
            json!({ "address": "+12125550123", "reason": "WRONG_NUMBER", "why": "a stranger answered" });
        let (status, first) = house.create("front_desk", AT, "key-1", &body).await;
        assert_eq!((status, &first["stops"][0]["reason"]), (201, &json!("WRONG_NUMBER")));
        assert_eq!(first["stops"][0]["only_the_reader"], true);
        assert_eq!((201, first.clone()), house.create("front_desk", AT, "key-1", &body).await);
        let ledger = format!("/v1/people/{}/consents?contact={}", family.ana, family.anas_text);
        let ledger = house.get("doctor", &ledger).await;
        assert_eq!(ledger["items"].as_array().unwrap().len(), 1);
        assert_eq!(ledger["items"][0]["evidence"]["note"], "a stranger answered");
        let asked =
            json!({ "person": family.ana, "channel": "SMS", "category": "BILLING", "automated": false });
        let (_, told) = house.send("doctor", "POST", "/v1/gate/explain", Some(asked), None).await;
        assert_eq!(told["reason"], "WRONG_NUMBER");
    }

    /// D-11
    #[tokio::test]
    async fn suppressions_that_cannot_be_are_told_at_their_place() {
        let (house, family) = Family::new().await;
        let (ana, text) = (family.ana, family.anas_text);
        for (body, pointer) in [
            (json!({ "address": "5550123", "reason": "STAFF", "why": "x" }), "/address"),
            (json!({ "contact": text, "reason": "STAFF", "why": "x" }), "/person"),
            (json!({ "reason": "STAFF", "why": "x" }), ""),
            (
                json!({ "person": ana, "contact": family.mothers_text, "reason": "STAFF", "why": "x" }),
                "/contact",
            ),
            (json!({ "person": ana, "contact": text, "reason": "STAFF", "why": " " }), "/why"),
            (json!({ "person": ana, "contact": text, "reason": "KEYWORD", "why": "x" }), "/reason"),
            (json!({ "person": ana, "contact": text, "reason": "MOOD", "why": "x" }), "/reason"),
        ] {
            let (status, problem) = house.send("front_desk", "POST", AT, Some(body), None).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
            assert!(!problem.to_string().contains("555"), "{problem}");
        }
        let body = json!({ "person": family.foreign, "contact": text, "reason": "STAFF", "why": "x" });
        assert_eq!(house.send("front_desk", "POST", AT, Some(body.clone()), None).await.0, 404);
        assert_eq!(house.send("doctor", "POST", AT, Some(body), None).await.0, 403);
    }
}
