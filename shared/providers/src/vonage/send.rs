//! The call that sends a text message.

use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::json;
use url::Url;

use super::Vonage;
use crate::{
    Address, Auth, Content, ErrorClass, Outgoing, Prepared, SendError, TextSender,
    ids::{reference, unusable_settings},
};

/// Characters of a text; counted in UTF-16 units, as with the other carrier, so that either takes what the other
/// does.
const LONGEST: usize = 1600;
/// Seconds that `ttl` may last: of texts, and of pictures.
const TEXT_TTL: std::ops::RangeInclusive<i64> = 20..=604_800;
const MEDIA_TTL: std::ops::RangeInclusive<i64> = 300..=259_200;

pub(super) fn request(vonage: &Vonage, outgoing: &Outgoing) -> Result<Prepared, SendError> {
    let Address::Phone(to) = &outgoing.to else { return Err(SendError::wrong_channel()) };
    let (from, text, media) = match &outgoing.content {
        Content::Text { from, body } => (from, body.reveal(), None),
        Content::Media { from, body, media } => (from, body.reveal(), Some(&media[..])),
        _ => return Err(SendError::wrong_channel()),
    };
    let TextSender::Number(from) = from else {
        return Err(SendError::own(
            ErrorClass::Config,
            "sender_unusable",
            "a pool of senders belongs to another provider",
        ));
    };
    if text.trim().is_empty() && media.is_none() {
        return Err(unfit("text_empty", "the message is empty"));
    }
    if text.encode_utf16().count() > LONGEST {
        return Err(unfit("text_too_long", "the message is longer than 1,600 characters"));
    }

    let bare = |number: &str| number.trim_start_matches('+').to_owned();
    let mut body = json!({
        "channel": if media.is_some() { "mms" } else { "sms" },
        "message_type": if media.is_some() { "image" } else { "text" },
        "to": bare(to.as_str()),
        "from": bare(from.as_str()),
    });
    if let Some(media) = media {
        body["image"] = json!({ "url": picture(media)? });
        if !text.is_empty() {
            body["image"]["caption"] = text.as_str().into();
        }
    } else {
        body["text"] = text.as_str().into();
    }
    // Comes back with every status.
    body["client_ref"] = reference(outgoing).into();
    if let Some(good_for) = outgoing.good_for {
        let limits = if media.is_some() { MEDIA_TTL } else { TEXT_TTL };
        body["ttl"] = good_for.as_secs().clamp(*limits.start(), *limits.end()).into();
    }
    if let Some(callback) = &outgoing.callback {
        // The reference names the message; the address needs nothing of it.
        let url = Url::parse(callback).ok().filter(|url| url.host_str().is_some());
        body["webhook_url"] = url.ok_or_else(unusable_settings)?.as_str().into();
        body["webhook_version"] = "v1".into();
    }

    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/v1/messages", vonage.base_url.trim_end_matches('/')))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body.to_string()))
        .map_err(|_| unusable_settings())?;
    let auth =
        Auth::ApplicationToken { application: vonage.application_id.clone(), secret: vonage.secret.clone() };
    Ok(Prepared { request, auth })
}

fn unfit(code: &'static str, says: &'static str) -> SendError {
    SendError::own(ErrorClass::Content, code, says)
}

/// One picture goes into one message; for more there is the other carrier.
fn picture(media: &[kernel::Masked<String>]) -> Result<&str, SendError> {
    let [one] = media else {
        return Err(SendError::own(
            ErrorClass::Config,
            "media_count",
            "this provider carries one picture in one message",
        ));
    };
    let fetchable =
        Url::parse(one.reveal()).is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some());
    if fetchable { Ok(one.reveal()) } else { Err(unfit("media_address", "a picture has no https address")) }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{ClinicId, Masked, MessageId};
    use rstest::rstest;

    use super::*;
    use crate::Carrier;

    fn vonage() -> Vonage {
        Vonage {
            base_url: "https://api.nexmo.com".into(),
            application_id: "78d335fa-323d-0114-9c3d-d6f0d48968cf".into(),
            secret: "vonage/main".into(),
        }
    }

    fn number() -> TextSender {
        TextSender::Number("+12125550100".parse().unwrap())
    }

    fn outgoing(content: Content) -> Outgoing {
        Outgoing {
            message: MessageId::FIRST,
            clinic: ClinicId::LAST,
            attempt: 2,
            to: Address::Phone("+12125550123".parse().unwrap()),
            content,
            callback: None,
            good_for: None,
        }
    }

    fn text(body: &str) -> Outgoing {
        outgoing(Content::Text { from: number(), body: Masked::new(body.into()) })
    }

    fn media(body: &str, files: &[&str]) -> Outgoing {
        let media = files.iter().map(|file| Masked::new((*file).to_owned())).collect();
        outgoing(Content::Media { from: number(), body: Masked::new(body.into()), media })
    }

    fn body(outgoing: &Outgoing) -> String {
        String::from_utf8(vonage().request(outgoing).unwrap().request.body().to_vec()).unwrap()
    }

    #[test]
    fn the_request_is_what_the_provider_documents_byte_for_byte() {
        let mut outgoing = text("Sí, \"a las 9\" 👍");
        outgoing.callback = Some("https://api.example.com/v1/hooks/vonage".into());
        outgoing.good_for = Some(SignedDuration::from_hours(2));
        let prepared = vonage().request(&outgoing).unwrap();
        assert_eq!(
            prepared.auth,
            Auth::ApplicationToken {
                application: "78d335fa-323d-0114-9c3d-d6f0d48968cf".into(),
                secret: "vonage/main".into()
            }
        );
        let (head, _) = prepared.request.into_parts();
        assert_eq!(format!("{} {}", head.method, head.uri), "POST https://api.nexmo.com/v1/messages");
        let headers: Vec<_> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(headers, [("accept", "application/json"), ("content-type", "application/json")]);
        assert_eq!(
            body(&outgoing),
            concat!(
                r#"{"channel":"sms","message_type":"text","to":"12125550123","from":"12125550100","#,
                r#""text":"Sí, \"a las 9\" 👍","#,
                r#""client_ref":"cln_7zzzzzzzzzzzzzzzzzzzzzzzzz.msg_00000000000000000000000000.2","#,
                r#""ttl":7200,"webhook_url":"https://api.example.com/v1/hooks/vonage","webhook_version":"v1"}"#,
            )
        );
    }

    #[test]
    fn a_picture_goes_with_its_caption() {
        assert_eq!(
            body(&media("After", &["https://files.example.com/a"])),
            concat!(
                r#"{"channel":"mms","message_type":"image","to":"12125550123","from":"12125550100","#,
                r#""image":{"url":"https://files.example.com/a","caption":"After"},"#,
                r#""client_ref":"cln_7zzzzzzzzzzzzzzzzzzzzzzzzz.msg_00000000000000000000000000.2"}"#,
            )
        );
    }

    #[rstest]
    #[case(text(" "), ErrorClass::Content, "text_empty")]
    #[case(text(&"👍".repeat(801)), ErrorClass::Content, "text_too_long")]
    #[case(media("x", &["http://files.example.com/a"]), ErrorClass::Content, "media_address")]
    #[case(media("x", &["https://files.example.com/a"; 2]), ErrorClass::Config, "media_count")]
    fn what_it_does_not_carry_is_refused_before_the_call(
        #[case] outgoing: Outgoing,
        #[case] class: ErrorClass,
        #[case] code: &str,
    ) {
        let error = vonage().request(&outgoing).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (class, Some(code)));
    }

    #[test]
    fn a_pool_of_another_provider_and_mail_are_refused() {
        let mut outgoing = text("Hi");
        outgoing.content =
            Content::Text { from: TextSender::Service("MG1".into()), body: Masked::new("Hi".into()) };
        assert_eq!(vonage().request(&outgoing).unwrap_err().code.as_deref(), Some("sender_unusable"));
        outgoing.to = Address::Email("ana@example.com".parse().unwrap());
        assert_eq!(vonage().request(&outgoing).unwrap_err().code.as_deref(), Some("wrong_channel"));
        let mut nowhere = text("Hi");
        nowhere.callback = Some("nowhere".into());
        assert_eq!(vonage().request(&nowhere).unwrap_err().class, ErrorClass::Config);
    }

    #[rstest]
    #[case(1, "20")]
    #[case(10_000_000, "604800")]
    fn validity_stays_within_what_the_provider_takes(#[case] seconds: i64, #[case] sent: &str) {
        let mut outgoing = text("Hi");
        outgoing.good_for = Some(SignedDuration::from_secs(seconds));
        assert!(body(&outgoing).ends_with(&format!("\"ttl\":{sent}}}")));
    }

    #[test]
    fn nothing_personal_is_printed() {
        let outgoing = text("secret");
        let printed = format!("{outgoing:?} {:?}", vonage().request(&outgoing).unwrap());
        assert!(!printed.contains("secret\"") && !printed.contains("5550123"), "{printed}");
    }
}
