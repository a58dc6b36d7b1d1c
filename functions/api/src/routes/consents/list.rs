//! `GET /v1/people/{id}/consents`

use access::Field;
use audit::Who;
use axum::extract::State;
use consent::ledger::{self, ConsentEvent, Deed, Evidence, Level, Method, StopReason};
use edge::{Json, Page, Path, Problem, Query, Staff};
use kernel::{Category, Channel, ContactId, Cursor, EventId, Limit, PersonId, Timestamp};
use platform::Platform;
use serde::{Deserialize, Serialize};
use table::{Digest, Kept};
use utoipa::{IntoParams, ToSchema};

use super::{Readers, standing::category_of};
use crate::words;

/// Which part of the ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only what happened at the address of this contact point, whoever of those who share it said it.
    #[param(value_type = words::ContactId, inline, required = false)]
    contact: Option<ContactId>,
    /// How many rows, 1 to 100.
    #[serde(default, deserialize_with = "edge::limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor>,
}

/// An event of the ledger. It is never changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "evt_01m8cz00000000000000000000",
    "at": "2026-11-22T08:00:00Z",
    "recorded_at": "2026-11-22T08:00:05Z",
    "by": { "kind": "staff", "id": "usr_01m8cz00000000000000000000", "role": "front_desk" },
    "address": "9f86d081884c7d659a2feaa0c55ad015",
    "contact": "con_01m8cz00000000000000000000",
    "person": "per_01m8cz00000000000000000000",
    "deed": "GRANTED",
    "channel": "SMS",
    "categories": ["APPOINTMENT"],
    "level": "EXPRESS",
    "evidence": { "method": "VERBAL", "at": "2026-11-22T08:00:00Z" }
}))]
pub(super) struct EventView {
    #[schema(value_type = String)]
    id: EventId,
    /// From when on it counts.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// Who wrote it down.
    #[schema(value_type = Object)]
    by: Who,
    /// Stands for the address.
    #[schema(value_type = String)]
    address: Digest,
    /// The contact point, if it is still one of the person's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    contact: Option<ContactId>,
    /// The person it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    person: Option<PersonId>,
    /// `GRANTED`, `STOPPED` or `RELEASED`.
    deed: &'static str,
    /// Of a grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    channel: Option<Channel>,
    /// What is granted, stopped or released; everything if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    categories: Option<Vec<Category>>,
    /// Of a grant: `EXPRESS` or `WRITTEN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    level: Option<Level>,
    /// Why messages were stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<StopReason>,
    evidence: EvidenceView,
}

/// What shows it.
#[derive(Debug, Serialize, ToSchema)]
struct EvidenceView {
    /// `WEB`, `SMS`, `EMAIL`, `VERBAL`, `FORM`, `LINK`, `PROVIDER`, `IMPORT` or `STAFF`.
    #[schema(value_type = String)]
    method: Method,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The version of the text that was shown or read out.
    #[serde(skip_serializing_if = "Option::is_none")]
    text_version: Option<String>,
    /// The words, for those who may see patient data.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// Where it came from on the internet, for those who may see patient data.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The provider's id of the message that said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_message: Option<String>,
    /// Why, or where the paper is, for those who may see patient data.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

fn evidence(staff: &Staff, evidence: Evidence) -> EvidenceView {
    let shown = |value: Option<kernel::Masked<String>>| {
        value.and_then(|value| staff.sees(Field::ConsentEvidence, &value).cloned())
    };
    EvidenceView {
        method: evidence.method,
        at: evidence.at,
        text_version: evidence.text_version,
        words: shown(evidence.words),
        ip: shown(evidence.ip),
        provider_message: evidence.provider_message,
        note: shown(evidence.note),
    }
}

fn show(staff: &Staff, readers: &Readers, event: ConsentEvent) -> EventView {
    let (deed, channel, categories, level, reason) = match event.deed {
        Deed::Granted { channel, categories, level } => {
            ("GRANTED", Some(channel), Some(categories), Some(level), None)
        }
        Deed::Stopped { scope, reason } => {
            ("STOPPED", None, category_of(scope).map(|category| vec![category]), None, Some(reason))
        }
        Deed::Released { scope, reason } => {
            ("RELEASED", None, category_of(scope).map(|category| vec![category]), None, Some(reason))
        }
    };
    EventView {
        id: event.id,
        at: event.at,
        recorded_at: event.recorded_at,
        by: event.by,
        address: event.address,
        contact: readers.contact_at(event.address),
        person: event.person,
        deed,
        channel,
        categories,
        level,
        reason,
        evidence: evidence(staff, event.evidence),
    }
}

/// What a person agreed to and ended, newest first
#[utoipa::path(
    get,
    path = "/v1/people/{id}/consents",
    operation_id = "list_consents",
    tag = "consent",
    params(("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000"), Filter),
    extensions(("x-access" = json!("permission consent:read"))),
    responses((status = 200, description = "A page of the ledger.", body = Page<EventView>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<EventView>>, Problem> {
    let table = platform.table.of(staff.clinic);
    let readers = Readers::of(&table, id).await?;
    let person = readers.person.id;
    let after = filter.cursor.as_ref();
    let page = match filter.contact {
        Some(contact) => {
            let (address, _) = readers.address(contact, "contact")?;
            ledger::events(&table, address.digest(), filter.limit, after).await?
        }
        None => ledger::events_about(&table, person, filter.limit, after).await?,
    };
    let others = page.items.iter().filter_map(|event| event.person);
    let seen: Vec<_> = others.chain([person]).collect();
    audit::viewed(&table, &staff.actor(), "consents.viewed", &["consents"], seen).await?;
    let page = page.map(Kept::into_value);
    Ok(Json(Page::of(page, |event| show(&staff, &readers, event))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Family, agrees, ends, recorded};
    use kernel::PersonId;
    use serde_json::json;

    /// D-08
    #[tokio::test]
    async fn the_ledger_tells_what_was_said_when_by_whom_and_how() {
        let (house, family) = Family::new().await;
        let mut body = agrees(family.anas_text, "2026-11-19T08:00:00Z");
        body["evidence"]["words"] = json!("yes please");
        recorded(&house, family.ana, body).await;
        let mut mail = agrees(family.anas_mail, "2026-11-20T08:00:00Z");
        mail["grant"]["channel"] = json!("EMAIL");
        recorded(&house, family.ana, mail).await;
        recorded(&house, family.ana, ends(family.anas_text, "2026-11-21T08:00:00Z")).await;
        let path = format!("/v1/people/{}/consents", family.ana);
        let first = house.get("doctor", &format!("{path}?limit=2")).await;
        assert_eq!(
            (&first["items"][0]["deed"], &first["items"][0]["reason"]),
            (&json!("STOPPED"), &json!("TOLD"))
        );
        assert_eq!(first["items"][1]["channel"], "EMAIL");
        let next = first["next"].as_str().unwrap();
        let second = house.get("doctor", &format!("{path}?limit=2&cursor={next}")).await;
        assert_eq!(second["items"][0]["evidence"]["words"], "yes please");
        assert_eq!(second["items"][0]["contact"], json!(family.anas_text));
        let text = house.get("doctor", &format!("{path}?contact={}", family.anas_text)).await;
        assert_eq!(text["items"].as_array().unwrap().len(), 2);
        assert!(!text.to_string().contains("5550123"));
        let log = house.get("clinic_admin", &format!("/v1/audit?patient={}", family.ana)).await;
        assert_eq!(log["items"][0]["action"], "consents.viewed");
    }

    #[tokio::test]
    async fn contact_points_of_others_and_people_of_other_clinics_lead_nowhere() {
        let (house, family) = Family::new().await;
        let path = format!("/v1/people/{}/consents?contact={}", family.ana, family.mothers_text);
        let (status, problem) = house.send("doctor", "GET", &path, None, None).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("contact")));
        for nobody in [family.foreign, PersonId::LAST] {
            let path = format!("/v1/people/{nobody}/consents");
            assert_eq!(house.send("doctor", "GET", &path, None, None).await.0, 404);
        }
        let path = format!("/v1/people/{}/consents", family.ana);
        assert_eq!(house.send("billing", "GET", &path, None, None).await.0, 403);
    }
}
