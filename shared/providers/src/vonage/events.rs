//! What Vonage tells: statuses of our messages and messages of others:
//! <https://developer.vonage.com/en/api/messages#webhooks>.

use kernel::{Masked, Phone, Timestamp};
use serde::Deserialize;

use super::{answer::code, classes};
use crate::{
    Address, Event, Inbound, MediaRef, Provider, Receipt, ReceiptStatus, Unreadable, Verified, hook::Call,
    ids::Ids,
};

#[derive(Deserialize)]
struct Told {
    message_uuid: Option<String>,
    status: Option<String>,
    to: Option<String>,
    from: Option<String>,
    timestamp: Option<String>,
    client_ref: Option<String>,
    error: Option<Problem>,
    message_type: Option<String>,
    text: Option<String>,
    image: Option<File>,
    audio: Option<File>,
    video: Option<File>,
    vcard: Option<File>,
    file: Option<File>,
    content: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Problem {
    r#type: Option<String>,
    title: Option<String>,
    detail: Option<String>,
}

#[derive(Deserialize)]
struct File {
    url: String,
    caption: Option<String>,
}

#[derive(Deserialize)]
struct Part {
    r#type: String,
    url: Option<String>,
    text: Option<String>,
}

pub(super) fn read(verified: &Verified) -> Result<Vec<Event>, Unreadable> {
    let (Provider::Vonage, Call::Json(body)) = (verified.provider, &verified.call) else {
        return Err(Unreadable::Foreign);
    };
    let told: Told = serde_json::from_slice(body).map_err(|_| Unreadable::NotAnEvent)?;
    let event = match told.status.clone() {
        Some(status) => Event::Receipt(receipt(told, &status)?),
        None if told.message_type.is_some() => Event::Inbound(inbound(told)?),
        None => return Err(Unreadable::Absent("status")),
    };
    Ok(vec![event])
}

/// Numbers come without their plus sign.
fn phone(text: Option<&str>, field: &'static str) -> Result<Phone, Unreadable> {
    let text = text.ok_or(Unreadable::Absent(field))?;
    format!("+{}", text.trim_start_matches('+')).parse().map_err(|_| Unreadable::Wrong(field))
}

fn at(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

fn receipt(told: Told, status: &str) -> Result<Receipt, Unreadable> {
    let status = match status {
        "submitted" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        "read" => ReceiptStatus::Read,
        // Both are told of messages that were refused on their way, by the provider or behind it.
        "rejected" | "undeliverable" => ReceiptStatus::Undelivered,
        other => ReceiptStatus::Other(other.chars().take(64).collect()),
    };
    let error = told.error.map(|problem| {
        let kind = problem.r#type.as_deref().and_then(code).or(problem.title.as_deref());
        classes().reported(kind.unwrap_or_default(), problem.detail)
    });
    let ids = told.client_ref.as_deref().map(Ids::in_reference).unwrap_or_default();
    Ok(Receipt {
        provider: Provider::Vonage,
        provider_id: told.message_uuid.ok_or(Unreadable::Absent("message_uuid"))?,
        message: ids.message,
        clinic: ids.clinic,
        attempt: ids.attempt,
        status,
        address: error.as_ref().and_then(|_| phone(told.to.as_deref(), "to").ok()).map(Address::Phone),
        error,
        at: at(told.timestamp.as_deref()),
        machine_open: false,
    })
}

fn inbound(told: Told) -> Result<Inbound, Unreadable> {
    let mut body = told.text.unwrap_or_default();
    let mut media = Vec::new();
    let file = |url: String, kind: &str| MediaRef { url: Masked::new(url), content_type: kind.to_owned() };
    // The kind is all that is told; what it is is for the bytes to say.
    for (kind, one) in [
        ("image/*", told.image),
        ("audio/*", told.audio),
        ("video/*", told.video),
        ("text/vcard", told.vcard),
        ("application/octet-stream", told.file),
    ] {
        if let Some(one) = one {
            if body.is_empty() {
                body = one.caption.unwrap_or_default();
            }
            media.push(file(one.url, kind));
        }
    }
    for part in told.content.unwrap_or_default() {
        match (part.url, part.text) {
            (Some(url), _) => media.push(file(url, &format!("{}/*", part.r#type))),
            (None, Some(text)) if body.is_empty() => body = text,
            _ => {}
        }
    }
    Ok(Inbound {
        provider: Provider::Vonage,
        provider_id: told.message_uuid.ok_or(Unreadable::Absent("message_uuid"))?,
        from: phone(told.from.as_deref(), "from")?,
        to: phone(told.to.as_deref(), "to")?,
        body: Masked::new(body),
        media,
        opt_out_type: None,
        at: at(told.timestamp.as_deref()),
        answers: None,
        pressed: None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::ErrorClass;

    fn told(body: &Value) -> Result<Event, Unreadable> {
        let call = Call::Json(body.to_string().into());
        read(&Verified { provider: Provider::Vonage, call }).map(|mut all| all.remove(0))
    }

    #[rstest]
    #[case("submitted", ReceiptStatus::Sent)]
    #[case("delivered", ReceiptStatus::Delivered)]
    #[case("read", ReceiptStatus::Read)]
    #[case("rejected", ReceiptStatus::Undelivered)]
    #[case("undeliverable", ReceiptStatus::Undelivered)]
    #[case("hovering", ReceiptStatus::Other("hovering".into()))]
    fn statuses_have_their_places(#[case] word: &str, #[case] status: ReceiptStatus) {
        let Ok(Event::Receipt(receipt)) = told(&json!({ "message_uuid": "a", "status": word })) else {
            panic!("a receipt");
        };
        assert_eq!((receipt.status, receipt.error), (status, None));
    }

    #[rstest]
    #[case("1180", ErrorClass::Transient)]
    #[case("1190", ErrorClass::Address)]
    #[case("1210", ErrorClass::Content)]
    #[case("1220", ErrorClass::Transient)]
    #[case("1240", ErrorClass::Address)]
    #[case("1330", ErrorClass::TransientOnce)]
    #[case("9999", ErrorClass::TransientOnce)]
    fn an_error_says_what_to_do(#[case] code: &str, #[case] class: ErrorClass) {
        let kind = format!("https://developer.vonage.com/api-errors/messages#{code}");
        let body = json!({
            "message_uuid": "a", "to": "12125550123", "from": "12125550100", "status": "rejected",
            "timestamp": "2026-11-22T15:00:00.000Z", "error": { "type": kind, "title": code, "detail": "Why" },
        });
        let Ok(Event::Receipt(receipt)) = told(&body) else { panic!("a receipt") };
        let error = receipt.error.unwrap();
        assert_eq!((error.class, error.code.as_str()), (class, code));
        assert_eq!(receipt.address, Some(Address::Phone("+12125550123".parse().unwrap())));
        assert_eq!(receipt.at.unwrap().to_string(), "2026-11-22T15:00:00Z");
    }

    #[test]
    fn several_files_and_their_text_are_one_message() {
        let body = json!({
            "channel": "mms", "message_type": "content", "message_uuid": "a", "to": "12125550100",
            "from": "12125550123", "content": [
                { "type": "text", "text": "Before and after" },
                { "type": "image", "url": "https://api-us.nexmo.com/v3/media/1" },
                { "type": "image", "url": "https://api-us.nexmo.com/v3/media/2" },
            ],
        });
        let Ok(Event::Inbound(inbound)) = told(&body) else { panic!("a message") };
        assert_eq!(inbound.body.reveal(), "Before and after");
        assert_eq!(inbound.media.len(), 2);
        assert_eq!((inbound.from.as_str(), inbound.to.as_str()), ("+12125550123", "+12125550100"));
    }

    #[rstest]
    #[case(json!([]), Unreadable::NotAnEvent)]
    #[case(json!({}), Unreadable::Absent("status"))]
    #[case(json!({ "status": "sent" }), Unreadable::Absent("message_uuid"))]
    #[case(json!({ "message_type": "text", "message_uuid": "a" }), Unreadable::Absent("from"))]
    #[case(json!({ "message_type": "text", "message_uuid": "a", "from": "Bank" }), Unreadable::Wrong("from"))]
    fn what_is_missing_is_named(#[case] body: Value, #[case] why: Unreadable) {
        assert_eq!(told(&body), Err(why));
    }
}
