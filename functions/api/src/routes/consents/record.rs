//! `POST /v1/people/{id}/consents`

use std::net::IpAddr;

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use consent::{
    Address, ConsentFault, Grant, Scope,
    ledger::{self, Deed, Evidence, Level, Method, Standing},
};
use edge::{IdempotencyHeader, Json, Path, Problem, Staff};
use kernel::{Category, Channel, ContactId, Detail, Fault, Kind, Limit, Masked, PersonId, Timestamp};
use platform::Platform;
use serde::Deserialize;
use table::{ClinicTable, Kept, TableFault};
use utoipa::ToSchema;

use super::{Readers, StandingView};
use crate::words;

/// What somebody said about messages to one of their contact points: exactly one of `grant`, `revoke` and `opt_in`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "contact": "con_01m8cz00000000000000000000",
    "grant": { "channel": "SMS", "categories": ["APPOINTMENT", "TREATMENT"], "level": "EXPRESS" },
    "evidence": { "method": "VERBAL", "at": "2026-11-22T08:00:00Z", "note": "at the first visit" }
}))]
pub(super) struct RecordConsent {
    /// A contact point of the person, or of a guardian who may consent.
    #[schema(value_type = words::ContactId)]
    contact: ContactId,
    /// They agree to messages.
    grant: Option<GrantBody>,
    /// They end messages.
    revoke: Option<RevokeBody>,
    /// They begin messages again that they had ended: all about their care over this channel. Only their own
    /// word does it.
    opt_in: Option<OptInBody>,
    /// What shows it.
    evidence: EvidenceBody,
}

/// What is agreed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantBody {
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = Vec<words::Category>)]
    categories: Vec<Category>,
    /// `EXPRESS`; or `WRITTEN` for what was signed or ticked, which marketing by text needs.
    #[schema(value_type = words::ConsentLevel)]
    level: Level,
}

/// What is ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RevokeBody {
    /// Only this kind of message; everything if absent.
    #[schema(value_type = Option<words::Category>)]
    category: Option<Category>,
}

/// What begins again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OptInBody {
    #[schema(value_type = words::Channel)]
    channel: Channel,
}

/// What shows that it was said. The same evidence sent again is the same event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EvidenceBody {
    /// `WEB`, `SMS`, `EMAIL`, `VERBAL`, `FORM`, `LINK` or `IMPORT`.
    #[schema(value_type = words::Method)]
    method: Method,
    /// When it was said: now or in the past. It takes effect from then on.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The version of the text that was shown or read out; written consent needs one. At most 100 characters.
    text_version: Option<String>,
    /// The words that were said, at most 1,600 characters.
    #[schema(value_type = Option<String>)]
    words: Option<Masked<String>>,
    /// Where it came from on the internet.
    #[schema(value_type = Option<String>)]
    ip: Option<Masked<IpAddr>>,
    /// Why, or where the paper is, at most 500 characters; imported consent needs it.
    #[schema(value_type = Option<String>)]
    note: Option<Masked<String>>,
}

impl EvidenceBody {
    fn read(self) -> Result<Evidence, Problem> {
        let lengths = [
            ("/evidence/text_version", self.text_version.as_ref(), 100),
            ("/evidence/words", self.words.as_ref().map(Masked::reveal), 1600),
            ("/evidence/note", self.note.as_ref().map(Masked::reveal), 500),
        ];
        let wrong: Vec<_> = lengths
            .into_iter()
            .filter(|(_, text, most)| {
                text.is_some_and(|text| text.trim().is_empty() || text.chars().count() > *most)
            })
            .map(|(at, _, most)| Detail::new(at, format!("1 to {most} characters")))
            .collect();
        if !wrong.is_empty() {
            return Err(Problem::new(Kind::Invalid, "evidence_invalid", "the evidence cannot be").at(wrong));
        }
        Ok(Evidence {
            text_version: self.text_version,
            words: self.words,
            ip: self.ip.map(|ip| Masked::new(ip.reveal().to_string())),
            note: self.note,
            ..Evidence::of(self.method, self.at)
        })
    }
}

/// What is to be written down, once it is known to be one thing.
enum Said {
    Grant(Grant),
    Revoke(Scope),
    OptIn(Channel),
}

impl Said {
    fn read(body: &mut RecordConsent) -> Result<Self, Problem> {
        match (body.grant.take(), body.revoke.take(), body.opt_in.take()) {
            (Some(GrantBody { channel, mut categories, level }), None, None) => {
                categories.sort_unstable();
                categories.dedup();
                Ok(Self::Grant(Grant { channel, categories, level }))
            }
            (None, Some(RevokeBody { category }), None) => {
                Ok(Self::Revoke(category.map_or(Scope::All, Scope::Category)))
            }
            (None, None, Some(OptInBody { channel })) => Ok(Self::OptIn(channel)),
            _ => {
                let wrong = [Detail::new("", "names exactly one of `grant`, `revoke` and `opt_in`")];
                Err(Problem::new(Kind::Invalid, "body_invalid", "one thing is recorded at a time").at(wrong))
            }
        }
    }

    fn place(&self) -> &'static str {
        match self {
            Self::Grant(_) => "/grant",
            Self::Revoke(_) => "/revoke",
            Self::OptIn(_) => "/opt_in",
        }
    }

    /// Whether events of the ledger say the same.
    fn is_among(&self, deeds: &[Deed]) -> bool {
        let granted = |grant: &Grant| {
            let (channel, categories, level) = (grant.channel, grant.categories.clone(), grant.level);
            deeds.contains(&Deed::Granted { channel, categories, level })
        };
        match self {
            Self::Grant(grant) => granted(grant),
            Self::Revoke(wanted) => deeds.iter().any(|deed| {
                matches!(deed, Deed::Stopped { scope, reason } if scope == wanted && reason.is_readers_will())
            }),
            Self::OptIn(channel) => {
                granted(&Grant::care(*channel)) && deeds.iter().any(|deed| matches!(deed, Deed::Released { .. }))
            }
        }
    }
}

/// Whether the ledger holds this already, with this very evidence.
async fn is_known(
    table: &ClinicTable,
    address: &Address,
    person: PersonId,
    said: &Said,
    evidence: &Evidence,
) -> Result<bool, TableFault> {
    let (mut deeds, mut next) = (Vec::new(), None);
    loop {
        let page = ledger::events(table, address.digest(), Limit::MOST, next.as_ref()).await?;
        // The latest come first, by keys that hold milliseconds.
        let last = page.items.last().map(|event| event.at.as_millisecond());
        let same = page.items.into_iter().map(Kept::into_value);
        let same = same.filter(|event| event.person == Some(person) && event.evidence == *evidence);
        deeds.extend(same.map(|event| event.deed));
        next = page.next.filter(|_| last.is_some_and(|last| last >= evidence.at.as_millisecond()));
        if next.is_none() {
            return Ok(said.is_among(&deeds));
        }
    }
}

/// A fault of what stands under `/grant`, `/revoke` or `/opt_in`; evidence has its own place.
fn problem(fault: &ConsentFault, place: &str) -> Problem {
    let details = fault.details().into_iter().map(|detail| {
        let at = if detail.at.starts_with("/evidence") { detail.at } else { place.to_owned() + &detail.at };
        Detail::new(at, detail.says)
    });
    Problem::new(fault.kind(), fault.code(), fault.to_string()).at(details)
}

/// Record that somebody agrees to messages, ends them, or begins them again
///
/// It goes into a ledger that is only ever added to, and holds at once for everybody who shares the address. An
/// agreement from before an opt-out does not lift it.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/consents",
    operation_id = "record_consent",
    tag = "consent",
    params(
        ("id" = String, Path, description = "The person.", example = "per_01m8cz00000000000000000000"),
        IdempotencyHeader
    ),
    request_body = RecordConsent,
    extensions(("x-access" = json!("permission consent:collect"))),
    responses((status = 201, description = "What the address amounts to now.", body = StandingView)),
)]
pub(super) async fn record(
    State(platform): State<Platform>,
    staff: Staff,
    Path(id): Path<PersonId>,
    Json(mut body): Json<RecordConsent>,
) -> Result<impl IntoResponse, Problem> {
    let table = platform.table.of(staff.clinic);
    let readers = Readers::of(&table, id).await?;
    let said = Said::read(&mut body)?;
    let evidence = body.evidence.read()?;
    let (address, guardianship) = readers.address(body.contact, "/contact")?;
    let gives = !matches!(said, Said::Revoke(_));
    if gives && guardianship.is_some_and(|guardianship| !guardianship.can_consent) {
        let wrong = [Detail::new("/contact", "belongs to a guardian who may not consent for the person")];
        return Err(
            Problem::new(Kind::Invalid, "guardian_may_not_consent", "somebody else has to consent").at(wrong)
        );
    }
    let (person, actor) = (readers.person.id, staff.actor());
    let standing: Result<Standing, ConsentFault> = if is_known(&table, &address, person, &said, &evidence)
        .await?
    {
        Ok(ledger::standing(&table, &address).await?)
    } else {
        match &said {
            Said::Grant(grant) => {
                consent::grant(&table, &address, Some(person), grant.clone(), &actor, evidence).await
            }
            Said::Revoke(scope) => consent::revoke(&table, &address, person, *scope, &actor, evidence).await,
            Said::OptIn(channel) => {
                consent::opt_in(&table, &address, Some(person), *channel, &actor, evidence).await
            }
        }
    };
    let standing = standing.map_err(|fault| problem(&fault, said.place()))?;
    Ok((StatusCode::CREATED, Json(StandingView::of(standing, Some(body.contact)))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Family, agrees, ends, recorded};
    use kernel::PersonId;
    use serde_json::{Value, json};

    const EARLY: &str = "2026-11-20T08:00:00Z";
    const LATE: &str = "2026-11-21T08:00:00Z";

    /// D-06, D-07, D-08
    #[tokio::test]
    async fn consent_is_given_ended_and_given_again_with_its_evidence() {
        let (house, family) = Family::new().await;
        let given = recorded(&house, family.ana, agrees(family.anas_text, EARLY)).await;
        assert_eq!((&given["given"][0]["level"], &given["ending"]), (&json!("EXPRESS"), &json!("23")));
        assert_eq!((&given["contact"], &given["opted_out"]), (&json!(family.anas_text), &json!(false)));
        let ended = recorded(&house, family.ana, ends(family.anas_text, LATE)).await;
        assert_eq!((&ended["opted_out"], &ended["stops"][0]["reason"]), (&json!(true), &json!("TOLD")));
        // A consent from before does not lift it; the reader's own later word does.
        let still = recorded(&house, family.ana, agrees(family.anas_text, "2026-11-20T09:00:00Z")).await;
        assert_eq!(still["opted_out"], true);
        let mut again = agrees(family.anas_text, "2026-11-22T07:00:00Z");
        again["opt_in"] = json!({ "channel": "SMS" });
        again.as_object_mut().unwrap().remove("grant");
        let again = recorded(&house, family.ana, again).await;
        assert_eq!((&again["opted_out"], &again["stops"][0]["in_force"]), (&json!(false), &json!(false)));
        let log = house.get("clinic_admin", &format!("/v1/audit?patient={}", family.ana)).await;
        let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|item| &item["action"]).collect();
        assert!(actions.contains(&&json!("consent.granted")) && actions.contains(&&json!("consent.stopped")));
    }

    /// D-08
    #[tokio::test]
    async fn the_same_evidence_sent_twice_is_one_event() {
        let (house, family) = Family::new().await;
        let path = format!("/v1/people/{}/consents", family.ana);
        let body = agrees(family.anas_text, EARLY);
        let first = house.create("front_desk", &path, "key-1", &body).await;
        assert_eq!((first.0, &first), (201, &house.create("front_desk", &path, "key-1", &body).await));
        // Another key, as if the first run had died before its answer was kept.
        assert_eq!(first, house.create("front_desk", &path, "key-2", &body).await);
        for _ in 0..2 {
            recorded(&house, family.ana, ends(family.anas_text, LATE)).await;
        }
        let page = house.get("doctor", &path).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 2, "{page}");
        let other = ends(family.anas_text, LATE);
        let (status, problem) = house.create("front_desk", &path, "key-1", &other).await;
        assert_eq!((status, &problem["code"]), (409, &json!("idempotency_key_reused")));
    }

    #[tokio::test]
    async fn the_same_evidence_for_something_else_is_another_event() {
        let (house, family) = Family::new().await;
        recorded(&house, family.ana, ends(family.anas_text, EARLY)).await;
        let care = ["APPOINTMENT", "TREATMENT", "BILLING", "GENERAL", "SURVEY", "EDUCATION", "CRM"];
        let mut body = agrees(family.anas_text, LATE);
        body["grant"]["categories"] = json!(care);
        assert_eq!(recorded(&house, family.ana, body.clone()).await["opted_out"], true);
        body.as_object_mut().unwrap().remove("grant");
        body["opt_in"] = json!({ "channel": "SMS" });
        assert_eq!(recorded(&house, family.ana, body.clone()).await["opted_out"], false);
        let path = format!("/v1/people/{}/consents", family.ana);
        let before = house.get("doctor", &path).await["items"].as_array().unwrap().len();
        recorded(&house, family.ana, body).await;
        assert_eq!(house.get("doctor", &path).await["items"].as_array().unwrap().len(), before);
    }

    /// D-06
    #[tokio::test]
    async fn a_guardian_who_may_consents_for_a_child() {
        let (house, family) = Family::new().await;
        let given = recorded(&house, family.child, agrees(family.mothers_text, EARLY)).await;
        assert_eq!(given["people"], json!([family.child]));
        let path = format!("/v1/people/{}/consents", family.child);
        let body = agrees(family.aunts_text, EARLY);
        let (status, problem) = house.send("front_desk", "POST", &path, Some(body), None).await;
        assert_eq!((status, &problem["code"]), (422, &json!("guardian_may_not_consent")));
        recorded(&house, family.child, ends(family.aunts_text, EARLY)).await;
        let body = agrees(family.anas_text, EARLY);
        let (status, problem) = house.send("front_desk", "POST", &path, Some(body), None).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/contact")));
    }

    /// D-06
    #[tokio::test]
    async fn consent_that_cannot_be_is_told_at_its_place() {
        let (house, family) = Family::new().await;
        let path = format!("/v1/people/{}/consents", family.ana);
        let with = |change: &dyn Fn(&mut Value)| {
            let mut body = agrees(family.anas_text, EARLY);
            change(&mut body);
            body
        };
        for (body, pointer) in [
            (with(&|body| body["grant"]["channel"] = json!("EMAIL")), "/grant/channel"),
            (with(&|body| body["grant"]["categories"] = json!([])), "/grant/categories"),
            (with(&|body| body["grant"]["level"] = json!("WRITTEN")), "/evidence/text_version"),
            (with(&|body| body["evidence"]["at"] = json!("2026-12-01T00:00:00Z")), "/evidence/at"),
            (with(&|body| body["evidence"]["at"] = json!("yesterday")), "/evidence/at"),
            (with(&|body| body["evidence"]["method"] = json!("STAFF")), "/evidence/method"),
            (with(&|body| body["evidence"]["method"] = json!("IMPORT")), "/evidence/note"),
            (with(&|body| body["evidence"]["ip"] = json!("somewhere")), "/evidence/ip"),
            (with(&|body| body["evidence"]["note"] = json!("n".repeat(501))), "/evidence/note"),
            (with(&|body| body["revoke"] = json!({})), ""),
            (with(&|body| body["revoke"] = json!({ "scope": "ALL" })), "/revoke/scope"),
        ] {
            let (status, problem) = house.send("front_desk", "POST", &path, Some(body), None).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
        }
        let text = house.get("doctor", &path).await.to_string();
        assert_eq!(text, r#"{"items":[]}"#);
    }

    #[tokio::test]
    async fn people_of_another_clinic_are_not_there_and_not_everybody_collects() {
        let (house, family) = Family::new().await;
        let body = || Some(agrees(family.anas_text, EARLY));
        for nobody in [family.foreign, PersonId::LAST] {
            let path = format!("/v1/people/{nobody}/consents");
            let (status, problem) = house.send("front_desk", "POST", &path, body(), None).await;
            assert_eq!((status, &problem["code"]), (404, &json!("person_not_found")));
        }
        let path = format!("/v1/people/{}/consents", family.ana);
        for role in ["doctor", "billing", "read_only"] {
            assert_eq!(house.send(role, "POST", &path, body(), None).await.0, 403, "{role}");
        }
    }
}
