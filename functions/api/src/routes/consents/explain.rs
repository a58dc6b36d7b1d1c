//! `POST /v1/gate/explain`

use axum::extract::State;
use consent::{
    GateDecision, Verdict,
    gate::{Outcome, Route, RuleHit},
};
use edge::{Json, Problem, Staff};
use kernel::{Category, Channel, ContactId, Detail, Kind, PersonId, Timestamp};
use messaging::Asked;
use platform::Platform;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Readers;
use crate::words;

/// A message that might be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "person": "per_01m8cz00000000000000000000",
    "channel": "AUTO",
    "category": "APPOINTMENT",
    "when": "2026-11-23T14:00:00Z",
    "automated": true
}))]
pub(super) struct Explain {
    /// The person it would be about.
    #[schema(value_type = words::PersonId)]
    person: PersonId,
    /// The channel, or `AUTO` for those the person wants.
    channel: Way,
    /// What it would be about.
    #[schema(value_type = words::Category)]
    category: Category,
    /// When it would go out; now if absent or past.
    #[schema(value_type = Option<String>, format = DateTime)]
    when: Option<Timestamp>,
    /// The last moment at which it would be of use.
    #[schema(value_type = Option<String>, format = DateTime)]
    not_after: Option<Timestamp>,
    /// Whether a rule or a campaign would send it, and not a member of the staff to this one person.
    automated: bool,
}

/// Which way a message may take.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Way {
    Auto,
    Sms,
    Email,
    InApp,
    Push,
    Voice,
    Whatsapp,
}

impl From<Way> for Route<'static> {
    fn from(way: Way) -> Self {
        match way {
            Way::Auto => Self::Auto,
            Way::Sms => Self::Only(Channel::Sms),
            Way::Email => Self::Only(Channel::Email),
            Way::InApp => Self::Only(Channel::InApp),
            Way::Push => Self::Only(Channel::Push),
            Way::Voice => Self::Only(Channel::Voice),
            Way::Whatsapp => Self::Only(Channel::Whatsapp),
        }
    }
}

/// What the send gate says, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "verdict": "REFUSE",
    "reason": "OPTED_OUT",
    "says": "The reader at this address has opted out.",
    "channel": "SMS",
    "when": "2026-11-23T14:00:00Z",
    "rules": [
        { "rule": "DECEASED", "outcome": "PASS", "says": "The person is recorded as deceased." },
        {
            "rule": "OPTED_OUT", "channel": "SMS", "outcome": "FAIL",
            "says": "The reader at this address has opted out."
        }
    ]
}))]
pub(super) struct Explained {
    /// `ALLOW`, `SHIFT` (at another time), `SWAP` (over another channel) or `REFUSE`.
    verdict: &'static str,
    /// Of a shift: the moment at which it may go out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Of a refusal: the weightiest reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The reason as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<&'static str>,
    /// The channel to use, or the one that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    channel: Option<Channel>,
    /// The contact point to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    contact: Option<ContactId>,
    /// The moment that was looked at.
    #[schema(value_type = String, format = DateTime)]
    when: Timestamp,
    /// Every rule that was looked at, in order.
    rules: Vec<RuleView>,
}

/// How the message stands to one rule.
#[derive(Debug, Serialize, ToSchema)]
struct RuleView {
    /// The rule, named by what it says when it is not met.
    rule: &'static str,
    /// The channel it was asked for; absent for rules about the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    channel: Option<Channel>,
    /// `PASS`, `FAIL`, `SHIFT` (met at another time) or `EXEMPT` (does not hold for such a message).
    #[schema(value_type = String)]
    outcome: Outcome,
    /// What it says when it is not met.
    says: &'static str,
    /// What decided.
    #[serde(skip_serializing_if = "String::is_empty")]
    saw: String,
}

fn show(decision: &GateDecision) -> Explained {
    let (verdict, to, channel, reason) = match decision.verdict() {
        Verdict::Allow => ("ALLOW", None, decision.channel(), None),
        Verdict::Shift { to } => ("SHIFT", Some(to), decision.channel(), None),
        Verdict::Swap { channel } => ("SWAP", None, Some(channel), None),
        Verdict::Refuse { reason } => ("REFUSE", None, decision.channel(), Some(reason)),
    };
    let rule = |hit: &RuleHit| RuleView {
        rule: hit.rule.code(),
        channel: hit.channel,
        outcome: hit.outcome,
        says: hit.rule.sentence(),
        saw: hit.saw.clone(),
    };
    Explained {
        verdict,
        to,
        reason: reason.map(consent::Reason::code),
        says: reason.map(consent::Reason::sentence),
        channel,
        contact: decision.contact(),
        when: decision.when(),
        rules: decision.rules().iter().map(rule).collect(),
    }
}

/// What would become of a message, and why
///
/// The send gate decides as it would for a real message, and names every rule it looked at. Nothing is sent,
/// written or counted.
#[utoipa::path(
    post,
    path = "/v1/gate/explain",
    operation_id = "explain_gate",
    tag = "consent",
    request_body = Explain,
    extensions(("x-access" = json!("messaging:send and permission comms:send_message"))),
    responses((status = 200, description = "The decision.", body = Explained)),
)]
pub(super) async fn explain(
    State(platform): State<Platform>,
    staff: Staff,
    Json(asked): Json<Explain>,
) -> Result<Json<Explained>, Problem> {
    let table = platform.table.of(staff.clinic);
    let missing = |problem: Problem| match problem.code() {
        "person_not_found" => problem.at([Detail::new("/person", "is not a person of this clinic")]),
        _ => problem,
    };
    let readers = Readers::of(&table, asked.person).await.map_err(missing)?;
    let now = platform.clock.now();
    let asked = Asked {
        category: asked.category,
        automated: asked.automated,
        route: asked.channel.into(),
        when: asked.when.unwrap_or(now).max(now),
        not_after: asked.not_after,
    };
    let decision = readers
        .explain(&table, asked)
        .await?
        .ok_or_else(|| Problem::new(Kind::Conflict, "clinic_not_set_up", "the clinic has no settings yet"))?;
    let person = &readers.person;
    audit::viewed(&table, &staff.actor(), "gate.explained", &["consents", "preferences"], [person.id])
        .await?;
    Ok(Json(show(&decision)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Family, agrees, ends, recorded};
    use crate::testing::House;
    use kernel::PersonId;
    use serde_json::{Value, json};

    // 10:00 and 23:00 in New York.
    const DAY: &str = "2026-11-23T15:00:00Z";
    const NIGHT: &str = "2026-11-24T04:00:00Z";

    fn ask(person: PersonId, channel: &str, when: &str) -> Value {
        let category = "APPOINTMENT";
        json!({ "person": person, "channel": channel, "category": category, "when": when, "automated": true })
    }

    async fn explained(house: &House, asked: Value) -> Value {
        let (status, told) = house.send("front_desk", "POST", "/v1/gate/explain", Some(asked), None).await;
        assert_eq!(status, 200, "{told}");
        told
    }

    /// D-05, D-07, D-12, D-26
    #[tokio::test]
    async fn a_message_that_nobody_sends_is_decided_with_every_rule() {
        let (house, family) = Family::new().await;
        let told = explained(&house, ask(family.ana, "SMS", DAY)).await;
        assert_eq!((&told["verdict"], &told["reason"]), (&json!("REFUSE"), &json!("NO_CONSENT")));
        recorded(&house, family.ana, agrees(family.anas_text, "2026-11-20T08:00:00Z")).await;
        let told = explained(&house, ask(family.ana, "AUTO", DAY)).await;
        assert_eq!(
            (&told["verdict"], &told["contact"]),
            (&json!("ALLOW"), &json!(family.anas_text)),
            "{told}"
        );
        let rules: Vec<_> = told["rules"].as_array().unwrap().iter().map(|hit| &hit["rule"]).collect();
        assert!(rules.contains(&&json!("DAILY_CAP")) && rules.contains(&&json!("AUTOMATION_PAUSED")));
        let told = explained(&house, ask(family.ana, "SMS", NIGHT)).await;
        assert_eq!(
            (&told["verdict"], &told["to"]),
            (&json!("SHIFT"), &json!("2026-11-24T13:00:00Z")),
            "{told}"
        );
        let at = format!("/v1/people/{}/preferences", family.ana);
        let off = json!({ "categories": { "APPOINTMENT": false } });
        assert_eq!(house.send("front_desk", "PUT", &at, Some(off), Some("0")).await.0, 200);
        assert_eq!(explained(&house, ask(family.ana, "SMS", DAY)).await["reason"], "CATEGORY_OFF");
        recorded(&house, family.ana, ends(family.anas_text, "2026-11-21T08:00:00Z")).await;
        let told = explained(&house, ask(family.ana, "SMS", DAY)).await;
        assert_eq!(told["reason"], "OPTED_OUT");
        assert!(told["says"].as_str().unwrap().contains("opted out") && !told.to_string().contains("555"));
    }

    /// D-26
    #[tokio::test]
    async fn a_child_is_reached_through_the_guardian_who_consented() {
        let (house, family) = Family::new().await;
        recorded(&house, family.child, agrees(family.mothers_text, "2026-11-20T08:00:00Z")).await;
        let told = explained(&house, ask(family.child, "AUTO", DAY)).await;
        assert_eq!(
            (&told["verdict"], &told["contact"]),
            (&json!("ALLOW"), &json!(family.mothers_text)),
            "{told}"
        );
        let log = house.get("clinic_admin", &format!("/v1/audit?patient={}", family.child)).await;
        assert_eq!(log["items"][0]["action"], "gate.explained");
    }

    #[tokio::test]
    async fn questions_about_nobody_or_nothing_are_refused() {
        let (house, family) = Family::new().await;
        let send = async |role: &str, body: Value| {
            house.send(role, "POST", "/v1/gate/explain", Some(body), None).await
        };
        let (status, problem) = send("doctor", ask(family.foreign, "SMS", DAY)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (404, &json!("/person")));
        let (status, problem) = send("doctor", ask(family.ana, "FAX", DAY)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/channel")));
        assert_eq!(send("read_only", ask(family.ana, "SMS", DAY)).await.0, 403);
    }
}
