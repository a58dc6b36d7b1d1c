//! What Meta tells about our numbers:
//! <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples>.

use jiff::Timestamp;
use kernel::{Masked, Phone};
use serde::Deserialize;
use serde_json::Value;

use super::classes;
use crate::{
    Address, Event, Inbound, MediaRef, Provider, Receipt, ReceiptError, ReceiptStatus, Unread, Unreadable,
    Verified, hook::Call, ids::Ids,
};

#[derive(Deserialize)]
struct Told {
    object: String,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    field: String,
    value: Value,
}

#[derive(Deserialize)]
struct News {
    metadata: Metadata,
    #[serde(default)]
    messages: Vec<Value>,
    #[serde(default)]
    statuses: Vec<Value>,
    #[serde(default)]
    errors: Vec<Value>,
}

#[derive(Deserialize)]
struct Metadata {
    display_phone_number: String,
    #[serde(default)]
    phone_number_id: String,
}

#[derive(Deserialize)]
struct Step {
    id: String,
    status: String,
    timestamp: Option<String>,
    recipient_id: Option<String>,
    biz_opaque_callback_data: Option<String>,
    #[serde(default)]
    errors: Vec<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    code: i64,
    title: Option<String>,
    error_data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    details: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    from: String,
    timestamp: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    context: Option<Context>,
    text: Option<Body>,
    button: Option<Button>,
    interactive: Option<Interactive>,
    reaction: Option<Reaction>,
    image: Option<File>,
    audio: Option<File>,
    video: Option<File>,
    document: Option<File>,
    sticker: Option<File>,
}

#[derive(Deserialize)]
struct Context {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    body: String,
}

#[derive(Deserialize)]
struct Button {
    text: String,
    payload: Option<String>,
}

#[derive(Deserialize)]
struct Interactive {
    button_reply: Option<Chosen>,
    list_reply: Option<Chosen>,
}

#[derive(Deserialize)]
struct Chosen {
    id: String,
    title: String,
}

#[derive(Deserialize)]
struct Reaction {
    message_id: String,
    #[serde(default)]
    emoji: String,
}

#[derive(Deserialize)]
struct File {
    id: String,
    #[serde(default)]
    mime_type: String,
    caption: Option<String>,
}

pub(super) fn read(base_url: &str, verified: &Verified) -> Result<Vec<Event>, Unreadable> {
    let (Provider::WhatsappCloud, Call::Json(body)) = (verified.provider, &verified.call) else {
        return Err(Unreadable::Foreign);
    };
    let told: Told = serde_json::from_slice(body).map_err(|_| Unreadable::NotAnEvent)?;
    if told.object != "whatsapp_business_account" {
        return Err(Unreadable::Wrong("object"));
    }
    let mut events = Vec::new();
    for entry in told.entry {
        for change in entry.changes {
            if change.field == "messages" {
                tell(base_url, &entry.id, change.value, &mut events);
            } else {
                // News of the account and its templates; kept, so that nobody wonders where they went.
                events.push(unread(&entry.id, &change.field, &change.value));
            }
        }
    }
    Ok(events)
}

/// One call brings many facts: one that cannot be read takes none of the others with it.
fn tell(base_url: &str, entry: &str, value: Value, events: &mut Vec<Event>) {
    let whole = unread(entry, "value", &value);
    let Ok(all) = serde_json::from_value::<News>(value) else { return events.push(whole) };
    let to = phone(&all.metadata.display_phone_number);
    for message in all.messages {
        let unread = unread(named(&message), "messages", &message);
        let read = serde_json::from_value::<Message>(message).ok().zip(to.clone());
        let told = read.and_then(|(message, to)| inbound(base_url, message, to));
        events.push(told.map_or(unread, Event::Inbound));
    }
    for status in all.statuses {
        let unread = unread(named(&status), "statuses", &status);
        let told = serde_json::from_value::<Step>(status).ok().map(receipt);
        events.push(told.map_or(unread, Event::Receipt));
    }
    for failure in all.errors {
        let field = format!("errors/{}", failure["code"]);
        events.push(unread(&all.metadata.phone_number_id, &field, &failure));
    }
}

fn named(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_default()
}

fn unread(id: &str, field: &str, told: &Value) -> Event {
    Event::Unread(Unread::of(Provider::WhatsappCloud, id, field, told))
}

/// Numbers come with or without plus sign and blanks.
fn phone(text: &str) -> Option<Phone> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    format!("+{digits}").parse().ok()
}

fn instant(text: Option<&str>) -> Option<Timestamp> {
    Timestamp::from_second(text?.parse().ok()?).ok()
}

fn receipt(told: Step) -> Receipt {
    let status = match told.status.as_str() {
        "sent" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        // Who read it got it: of a message that is read at once no delivery is told.
        "read" | "played" => ReceiptStatus::Read,
        "failed" => ReceiptStatus::Failed,
        other => ReceiptStatus::Other(other.chars().take(64).collect()),
    };
    let error = told.errors.into_iter().next().map(reported);
    let ids = told.biz_opaque_callback_data.as_deref().map(Ids::in_reference).unwrap_or_default();
    Receipt {
        provider: Provider::WhatsappCloud,
        provider_id: told.id,
        message: ids.message,
        clinic: ids.clinic,
        attempt: ids.attempt,
        status,
        address: error
            .as_ref()
            .and_then(|_| told.recipient_id.as_deref().and_then(phone))
            .map(Address::Phone),
        error,
        at: instant(told.timestamp.as_deref()),
        machine_open: false,
    }
}

fn reported(failure: Failure) -> ReceiptError {
    let words = failure.error_data.and_then(|data| data.details).or(failure.title);
    classes().reported(&failure.code.to_string(), words)
}

fn inbound(base_url: &str, message: Message, to: Phone) -> Option<Inbound> {
    let mut answers = message.context.and_then(|context| context.id);
    let mut pressed = None;
    let mut body = String::new();
    match message.kind.as_str() {
        "text" => body = message.text?.body,
        "button" => {
            let button = message.button?;
            (body, pressed) = (button.text, button.payload);
        }
        "interactive" => {
            let interactive = message.interactive?;
            if let Some(chosen) = interactive.button_reply.or(interactive.list_reply) {
                (body, pressed) = (chosen.title, Some(chosen.id));
            }
        }
        "reaction" => {
            let reaction = message.reaction?;
            (body, answers) = (reaction.emoji, Some(reaction.message_id));
        }
        // Places, cards and whatever is newer: somebody wrote, though there is nothing to show.
        _ => {}
    }
    let files = [message.image, message.audio, message.video, message.document, message.sticker]
        .into_iter()
        .flatten();
    let mut media = Vec::new();
    for file in files {
        if let Some(caption) = file.caption {
            body = caption;
        }
        let url = format!("{}/{}", base_url.trim_end_matches('/'), file.id);
        media.push(MediaRef { url: Masked::new(url), content_type: file.mime_type });
    }
    Some(Inbound {
        provider: Provider::WhatsappCloud,
        provider_id: message.id,
        from: phone(&message.from)?,
        to,
        body: Masked::new(body),
        media,
        opt_out_type: None,
        at: instant(message.timestamp.as_deref()),
        answers,
        pressed,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::ErrorClass;

    const BASE: &str = "https://graph.facebook.com/v23.0/";

    fn events(value: &Value) -> Vec<Event> {
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }],
        });
        let call = Call::Json(body.to_string().into());
        read(BASE, &Verified { provider: Provider::WhatsappCloud, call }).unwrap()
    }

    fn value(kind: &str, one: &Value) -> Value {
        let mut value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "+1 212-555-0100", "phone_number_id": "123456789" },
        });
        value[kind] = json!([one]);
        value
    }

    fn inbound(message: &Value) -> Inbound {
        let mut whole = json!({ "from": "12125550123", "id": "wamid.IN", "timestamp": "1735689600" });
        for (name, part) in message.as_object().unwrap() {
            whole[name] = part.clone();
        }
        match events(&value("messages", &whole)).remove(0) {
            Event::Inbound(inbound) => inbound,
            other => panic!("a message and not {other:?}"),
        }
    }

    #[rstest]
    #[case(json!({ "type": "text", "text": { "body": "Sí 👍" } }), "Sí 👍", None)]
    #[case(
        json!({ "type": "button", "button": { "text": "Confirm", "payload": "CONFIRM:apt_1" } }),
        "Confirm",
        Some("CONFIRM:apt_1")
    )]
    #[case(
        json!({ "type": "interactive", "interactive": {
            "type": "button_reply", "button_reply": { "id": "CHANGE:apt_1", "title": "Change" } } }),
        "Change",
        Some("CHANGE:apt_1")
    )]
    #[case(
        json!({ "type": "interactive", "interactive": {
            "type": "list_reply", "list_reply": { "id": "SLOT:3", "title": "Monday", "description": "9:30" } } }),
        "Monday",
        Some("SLOT:3")
    )]
    #[case(json!({ "type": "location", "location": { "latitude": 40.7, "longitude": -74.0 } }), "", None)]
    #[case(json!({ "type": "unsupported", "errors": [{ "code": 131_051, "title": "Unsupported" }] }), "", None)]
    fn whatever_somebody_writes_is_a_message(
        #[case] message: Value,
        #[case] body: &str,
        #[case] pressed: Option<&str>,
    ) {
        let inbound = inbound(&message);
        assert_eq!((inbound.body.reveal().as_str(), inbound.pressed.as_deref()), (body, pressed));
        assert_eq!((inbound.from.as_str(), inbound.to.as_str()), ("+12125550123", "+12125550100"));
        assert_eq!(inbound.at.unwrap().to_string(), "2025-01-01T00:00:00Z");
    }

    #[test]
    fn an_answer_names_what_it_answers() {
        let reply = json!({ "type": "text", "text": { "body": "C" }, "context": { "id": "wamid.OUT" } });
        assert_eq!(inbound(&reply).answers.as_deref(), Some("wamid.OUT"));
        let reaction =
            json!({ "type": "reaction", "reaction": { "message_id": "wamid.OUT", "emoji": "👍" } });
        let reaction = inbound(&reaction);
        assert_eq!((reaction.answers.as_deref(), reaction.body.reveal().as_str()), (Some("wamid.OUT"), "👍"));
    }

    #[test]
    fn a_file_is_told_with_its_caption_and_where_to_ask_for_it() {
        let image = json!({ "type": "image", "image": {
            "id": "1479537139650973", "mime_type": "image/jpeg", "sha256": "x", "caption": "My retainer" } });
        let inbound = inbound(&image);
        assert_eq!(inbound.body.reveal(), "My retainer");
        assert_eq!(inbound.media[0].url.reveal(), "https://graph.facebook.com/v23.0/1479537139650973");
        assert_eq!(inbound.media[0].content_type, "image/jpeg");
    }

    #[rstest]
    #[case(131_026, ErrorClass::Address)]
    #[case(131_047, ErrorClass::Content)]
    #[case(131_049, ErrorClass::Defer)]
    #[case(131_050, ErrorClass::OptOut)]
    #[case(130_472, ErrorClass::Content)]
    #[case(131_000, ErrorClass::Transient)]
    fn a_failure_says_what_to_do(#[case] code: i64, #[case] class: ErrorClass) {
        let failed = json!({
            "id": "wamid.OUT", "status": "failed", "timestamp": "1735689600", "recipient_id": "12125550123",
            "errors": [{ "code": code, "title": "…", "error_data": { "details": "Why" } }],
        });
        let Event::Receipt(receipt) = events(&value("statuses", &failed)).remove(0) else {
            panic!("a receipt")
        };
        let error = receipt.error.unwrap();
        assert_eq!((error.class, error.text.unwrap().reveal().as_str()), (class, "Why"));
        assert_eq!(receipt.address, Some(Address::Phone("+12125550123".parse().unwrap())));
    }

    #[test]
    fn one_fact_that_cannot_be_read_takes_no_other_with_it() {
        let strange = json!({ "id": "wamid.A", "from": "US.13491208655302741918" });
        let mut value = value("messages", &strange);
        value["statuses"] = json!([{ "id": "wamid.B" }, { "id": "wamid.C", "status": "sent" }]);
        value["errors"] = json!([{ "code": 130_429, "title": "Rate limit hit" }]);
        let told: Vec<_> = events(&value)
            .into_iter()
            .map(|event| match event {
                Event::Unread(unread) => format!("{} {}", unread.provider_id, unread.field),
                Event::Receipt(receipt) => receipt.status.name().to_owned(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["wamid.A messages", "wamid.B statuses", "SENT", "123456789 errors/130429"]);
    }

    #[rstest]
    #[case("[1]", Unreadable::NotAnEvent)]
    #[case("{}", Unreadable::NotAnEvent)]
    #[case(r#"{"object":"page","entry":[]}"#, Unreadable::Wrong("object"))]
    fn what_cannot_be_read_says_why(#[case] body: &'static str, #[case] why: Unreadable) {
        let verified = Verified { provider: Provider::WhatsappCloud, call: Call::Json(body.into()) };
        assert_eq!(read(BASE, &verified), Err(why));
        let foreign = Verified { provider: Provider::Sendgrid, call: Call::Json("{}".into()) };
        assert_eq!(read(BASE, &foreign), Err(Unreadable::Foreign));
    }

    #[test]
    fn news_of_the_account_are_kept() {
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "77", "changes": [{ "field": "message_template_status_update", "value": {} }] }],
        });
        let call = Call::Json(body.to_string().into());
        let told = read(BASE, &Verified { provider: Provider::WhatsappCloud, call }).unwrap();
        let [Event::Unread(unread)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(
            (unread.provider_id.as_str(), unread.field.as_str()),
            ("77", "message_template_status_update")
        );
    }
}
