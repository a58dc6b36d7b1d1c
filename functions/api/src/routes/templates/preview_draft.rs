//! `POST /v1/templates/preview`

use std::collections::BTreeMap;

use axum::extract::State;
use edge::{Json, Problem, Staff};
use kernel::{AppointmentId, Category, Detail, Kind, Language, PersonId};
use platform::Platform;
use serde::{Deserialize, Serialize};
use templates::{Ceilings, Content, Draft, LengthProof, Rendered, Sample, Values, Weight};
use utoipa::ToSchema;

use super::{recipient::Recipient, view::below};
use crate::words;

/// What a preview is filled with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Filling {
    /// Values as most are, under those that are given.
    #[default]
    Typical,
    /// Values that fill all the room they have.
    Full,
    /// The given values alone; what they lack shows as missing.
    Given,
}

/// A text that is not saved yet, and what to fill it with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "content": {
        "languages": { "en": { "sms": "Hi {{patient.first_name}}, see you soon." } },
        "profile": { "kind": "SEGMENTS" }
    },
    "sample": "FULL"
}))]
pub(super) struct PreviewDraft {
    /// What the template would say.
    #[schema(value_type = Object)]
    content: Draft,
    /// What to fill it with.
    #[serde(default)]
    sample: Filling,
    /// Values by the path of their variable; not with `FULL`.
    #[serde(default)]
    #[schema(value_type = Object)]
    values: serde_json::Map<String, serde_json::Value>,
    /// The person to fill it for, with what is known of them; what is missing shows as missing. Not with `FULL`.
    #[schema(value_type = Option<words::PersonId>)]
    person: Option<PersonId>,
    /// Their visit; the next one if absent.
    #[schema(value_type = Option<words::AppointmentId>)]
    appointment: Option<AppointmentId>,
    /// The language of the recipient; theirs or the template's default if absent.
    #[schema(value_type = Option<words::Language>, example = "es")]
    language: Option<Language>,
}

/// A template as recipients would get it, channel by channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "previews": [{
        "channel": "SMS",
        "language": "en",
        "language_missing": false,
        "text": "Hi Ana, see you soon.",
        "weight": { "encoding": "GSM7", "units": 21, "segments": 1 },
        "missing": [],
        "truncated": [],
        "held_back": []
    }],
    "proof": { "en": {
        "limit": 1600, "worst": 34, "room": 1580, "remaining": 1566, "encoding": "GSM7",
        "segments": 1, "segments_unicode": 1
    } }
}))]
pub(super) struct Previewed {
    /// One for each channel with a body.
    previews: Vec<ChannelPreview>,
    /// By language, how long the text message can get whatever the values: `limit`, `worst`, `room`, `remaining`,
    /// `encoding`, `segments`, `segments_unicode`.
    #[schema(value_type = Object)]
    proof: BTreeMap<Language, LengthProof>,
}

/// What goes out on one channel.
#[derive(Debug, Serialize, ToSchema)]
struct ChannelPreview {
    channel: &'static str,
    /// The language it is in.
    language: String,
    /// Whether that is the default only because there is no text in the recipient's language.
    language_missing: bool,
    /// Subject of a mail, title of a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// The text; of a mail the plain part.
    text: String,
    /// The HTML part of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// What a text message said before typographic characters were written plainly, if that changed anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    original: Option<String>,
    /// Of a text message: `encoding`, `units` and `segments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    weight: Option<Weight>,
    /// Variables that have no value.
    missing: Vec<String>,
    /// Variables whose value was cut to its room.
    truncated: Vec<String>,
    /// Variables that the clinic's ceiling now keeps from this channel; a message with one is not sent.
    held_back: Vec<String>,
}

/// The sample that is asked for, as the renderer takes it.
pub(super) fn sample(
    filling: Filling,
    values: &serde_json::Map<String, serde_json::Value>,
) -> Result<Sample, Problem> {
    if filling == Filling::Full && !values.is_empty() {
        let wrong = [Detail::new("/values", "the full sample has values of its own")];
        return Err(Problem::new(Kind::Invalid, "body_invalid", "samples and values do not mix").at(wrong));
    }
    let given = Values::read(values).map_err(|faults| {
        let faults = faults.into_iter().map(|fault| Detail::new(format!("/values{}", fault.at), fault.says));
        Problem::new(Kind::Invalid, "values_invalid", "some values are not of their variable").at(faults)
    })?;
    Ok(match filling {
        Filling::Full => Sample::Full,
        Filling::Given => Sample::Given(given),
        Filling::Typical if values.is_empty() => Sample::Typical,
        Filling::Typical => Sample::Over(given),
    })
}

/// Fills a content and shows it.
pub(super) fn shown(
    content: &Content,
    ceilings: &Ceilings,
    language: Option<&Language>,
    sample: Sample,
) -> Result<Previewed, Problem> {
    let language = language.unwrap_or_else(|| content.default_language());
    let show = |rendered: Rendered| ChannelPreview {
        channel: rendered.channel.name(),
        language: rendered.language.as_str().to_owned(),
        language_missing: rendered.language_missing,
        subject: rendered.subject.map(kernel::Masked::into_revealed),
        text: rendered.text.into_revealed(),
        html: rendered.html.map(kernel::Masked::into_revealed),
        original: rendered.original.map(kernel::Masked::into_revealed),
        weight: rendered.weight,
        missing: rendered.missing,
        truncated: rendered.truncated,
        held_back: content.above(ceilings, rendered.channel),
    };
    let previews = templates::preview(content, language, sample)?.into_iter().map(show).collect();
    Ok(Previewed { previews, proof: content.proof().clone() })
}

/// Look at a template before it is saved
///
/// Nothing is kept. The text is checked as on saving; `sample` fills it with typical values, with the longest ones
/// there can be, or with given values alone.
#[utoipa::path(
    post,
    path = "/v1/templates/preview",
    operation_id = "preview_draft",
    tag = "templates",
    request_body = PreviewDraft,
    extensions(("x-access" = json!("messaging:view"))),
    responses((status = 200, description = "The text for each channel.", body = Previewed)),
)]
pub(super) async fn preview_draft(
    State(platform): State<Platform>,
    staff: Staff,
    Json(asked): Json<PreviewDraft>,
) -> Result<Json<Previewed>, Problem> {
    let sample = sample(asked.sample, &asked.values)?;
    let ceilings = templates::ceilings(&platform.table.of(staff.clinic)).await?;
    let content = asked.content.check(&ceilings).map_err(|flaws| below("/content", &flaws))?;
    let recipient =
        Recipient { person: asked.person, appointment: asked.appointment, category: Category::General };
    let (sample, theirs) = recipient.fill(&platform, &staff, &content, sample).await?;
    shown(&content, &ceilings, asked.language.or(theirs).as_ref(), sample).map(Json)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use serde_json::{Value, json};

    async fn previewed(house: &House, body: Value) -> (u16, Value) {
        house.send("front_desk", "POST", "/v1/templates/preview", Some(body), None).await
    }

    fn draft(bodies: &Value) -> Value {
        let short = json!({ "kind": "SHORT_133", "elements": { "date_time": true } });
        json!({ "languages": { "en": bodies }, "profile": short })
    }

    /// C-04, C-15, C-17
    #[tokio::test]
    async fn a_draft_is_shown_with_typical_and_with_the_longest_values() {
        let house = House::new().await;
        let content = draft(&json!({ "sms": "see you" }));
        let (status, typical) = previewed(&house, json!({ "content": content })).await;
        let text = typical["previews"][0]["text"].as_str().unwrap();
        assert_eq!((status, text.starts_with("Ana Reyes, see you ")), (200, true), "{text}");
        assert_eq!(typical["previews"][0]["weight"]["segments"], 1);
        let (_, full) = previewed(&house, json!({ "content": content, "sample": "FULL" })).await;
        let (units, worst) = (&full["previews"][0]["weight"]["units"], &full["proof"]["en"]["worst"]);
        assert!(units.as_u64() <= worst.as_u64() && worst.as_u64() <= Some(133), "{full}");
        assert_eq!(full["previews"][0]["truncated"], json!(["patient.name"]));
        assert_eq!(house.get("read_only", "/v1/templates").await["items"], json!([]));
    }

    /// C-03, C-04, C-26
    #[tokio::test]
    async fn given_values_alone_show_what_is_missing_and_what_stands_in() {
        let house = House::new().await;
        let bodies =
            json!({ "sms": "{{patient.first_name|there}}, {{clinic.name}} on {{appointment.date}}" });
        let content = json!({ "languages": { "en": bodies }, "profile": { "kind": "SEGMENTS" } });
        let values = json!({ "clinic.name": "Smile" });
        let asked = json!({ "content": content, "sample": "GIVEN", "values": values });
        let (status, shown) = previewed(&house, asked).await;
        assert_eq!(status, 200, "{shown}");
        assert_eq!(shown["previews"][0]["text"], "there, Smile on {{appointment.date}}");
        assert_eq!(shown["previews"][0]["missing"], json!(["appointment.date"]));
    }

    /// C-25
    #[tokio::test]
    async fn values_are_escaped_and_never_read_again() {
        let house = House::new().await;
        let mail =
            json!({ "subject": "For {{patient.first_name}}", "html": "<p>{{patient.first_name}}</p>" });
        let content = json!({ "languages": { "en": { "email": mail } }, "profile": { "kind": "SEGMENTS" } });
        let asked = |name: &str| json!({ "content": content, "values": { "firstName": name } });
        let (_, shown) = previewed(&house, asked("<b>{{clinic.name}}")).await;
        let html = shown["previews"][0]["html"].as_str().unwrap();
        assert!(html.contains("&lt;b&gt;{{clinic.name}}"), "{html}");
        let (status, problem) = previewed(&house, asked("Ana\nBcc: x")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("line_break_in_header")));
        assert_eq!(problem["errors"][0]["pointer"], "/values/patient.first_name");
    }

    #[tokio::test]
    async fn what_cannot_be_previewed_is_told_at_its_place() {
        let house = House::new().await;
        let content = draft(&json!({ "sms": "see you" }));
        for (asked, pointer) in [
            (json!({ "content": content, "values": { "shoe": "9" } }), "/values/shoe"),
            (json!({ "content": content, "values": { "appointment.date": 7 } }), "/values/appointment.date"),
            (json!({ "content": content, "sample": "FULL", "values": { "name": "Ana" } }), "/values"),
            (json!({ "content": draft(&json!({ "sms": "{{x" })) }), "/content/languages/en/sms"),
            (json!({ "content": draft(&json!({ "sms": "a".repeat(90) })) }), "/content/languages/en/sms"),
            (json!({ "content": content, "sample": "ODD" }), "/sample"),
        ] {
            let (status, problem) = previewed(&house, asked).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
        }
    }
}
