//! The call that sends a text message.

use bytes::Bytes;
use http::{Method, Request, header};
use kernel::Masked;
use url::{Url, form_urlencoded};

use super::Twilio;
use crate::{
    Address, Content, ErrorClass, Outgoing, Prepared, SendError, TextSender,
    ids::{self, unusable_settings},
};

/// Twilio takes no longer `Body` (error 21617). Counted in UTF-16 units, the stricter reading of "characters".
const LONGEST: usize = 1600;
/// Twilio's own limit on files in one message (error 21623).
const MOST_MEDIA: usize = 10;
/// What we ask of the connection that a callback comes by: five more tries within its fifteen seconds, also after an
/// answer of 5xx or none at all; unasked, Twilio only tries again where it could not connect (Webhooks: Connection
/// overrides). Behind the `#` it is neither sent nor signed.
const OVERRIDES: &str = "rc=5&rp=5xx,ct,rt";
/// Seconds that `ValidityPeriod` may last; Twilio advises against 5 and less.
const VALIDITY: std::ops::RangeInclusive<i64> = 6..=36_000;

pub(super) fn request(twilio: &Twilio, outgoing: &Outgoing) -> Result<Prepared, SendError> {
    let Address::Phone(to) = &outgoing.to else { return Err(SendError::wrong_channel()) };
    let (from, body, media) = match &outgoing.content {
        Content::Text { from, body } => (from, body.reveal(), &[][..]),
        Content::Media { from, body, media } => (from, body.reveal(), &media[..]),
        _ => return Err(SendError::wrong_channel()),
    };
    let is_media = matches!(outgoing.content, Content::Media { .. });
    if body.trim().is_empty() && !is_media {
        return Err(unfit("text_empty", "the message is empty"));
    }
    if body.encode_utf16().count() > LONGEST {
        return Err(unfit("text_too_long", "the message is longer than 1,600 characters"));
    }
    if is_media {
        check(media)?;
    }

    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", to.as_str());
    match from {
        TextSender::Number(number) => form.append_pair("From", number.as_str()),
        TextSender::Service(id) => form.append_pair("MessagingServiceSid", id),
    };
    if !(is_media && body.is_empty()) {
        form.append_pair("Body", body);
    }
    for file in media {
        form.append_pair("MediaUrl", file.reveal());
    }
    if let Some(callback) = &outgoing.callback {
        form.append_pair("StatusCallback", &self::callback(callback, outgoing)?);
    }
    if let Some(good_for) = outgoing.good_for {
        let seconds = good_for.as_secs().clamp(*VALIDITY.start(), *VALIDITY.end());
        form.append_pair("ValidityPeriod", &seconds.to_string());
    }

    let request = Request::builder()
        .method(Method::POST)
        .uri(twilio.list("Messages"))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(form.finish()))
        .map_err(|_| unusable_settings())?;
    Ok(Prepared { request, auth: twilio.auth() })
}

fn unfit(code: &'static str, says: &'static str) -> SendError {
    SendError::own(ErrorClass::Content, code, says)
}

/// Files that the provider can fetch, and nobody on the way can read.
fn check(media: &[Masked<String>]) -> Result<(), SendError> {
    if !(1..=MOST_MEDIA).contains(&media.len()) {
        return Err(unfit("media_count", "the message has no picture, or more than 10"));
    }
    let fetchable = |file: &Masked<String>| {
        Url::parse(file.reveal()).is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some())
    };
    if media.iter().all(fetchable) {
        Ok(())
    } else {
        Err(unfit("media_address", "a picture has no https address"))
    }
}

/// Where receipts shall come, with the ids and the wish for more tries.
pub(super) fn callback(of_ours: &str, outgoing: &Outgoing) -> Result<String, SendError> {
    let mut url = ids::address(of_ours, outgoing)?;
    url.set_fragment(Some(OVERRIDES));
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{ClinicId, MessageId};
    use rstest::rstest;

    use super::*;
    use crate::{Auth, Carrier};

    fn twilio() -> Twilio {
        Twilio {
            base_url: "https://api.twilio.com".into(),
            account_sid: "AC00000000000000000000000000000001".into(),
            secret: "twilio/main".into(),
        }
    }

    fn outgoing(body: &str) -> Outgoing {
        Outgoing {
            message: MessageId::FIRST,
            clinic: ClinicId::LAST,
            attempt: 2,
            to: Address::Phone("+12125550123".parse().unwrap()),
            content: Content::Text {
                from: TextSender::Number("+12125550100".parse().unwrap()),
                body: Masked::new(body.to_owned()),
            },
            callback: None,
            good_for: None,
        }
    }

    fn body(outgoing: &Outgoing) -> String {
        let prepared = twilio().request(outgoing).unwrap();
        String::from_utf8(prepared.request.body().to_vec()).unwrap()
    }

    #[test]
    fn the_request_is_what_the_provider_documents_byte_for_byte() {
        let mut outgoing = outgoing("Sí, a las 9 & 10 👍\nReply C");
        outgoing.callback = Some("https://api.example.com/v1/hooks/twilio/status".into());
        outgoing.good_for = Some(SignedDuration::from_hours(2));
        let prepared = twilio().request(&outgoing).unwrap();
        assert_eq!(prepared.auth, Auth::Basic { secret: "twilio/main".into() });
        let (head, _) = prepared.request.into_parts();
        assert_eq!(
            format!("{} {}", head.method, head.uri),
            "POST https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json"
        );
        let headers: Vec<_> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(
            headers,
            [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")]
        );
        assert_eq!(
            body(&outgoing),
            "To=%2B12125550123&From=%2B12125550100\
             &Body=S%C3%AD%2C+a+las+9+%26+10+%F0%9F%91%8D%0AReply+C\
             &StatusCallback=https%3A%2F%2Fapi.example.com%2Fv1%2Fhooks%2Ftwilio%2Fstatus\
             %3Fclinic%3Dcln_7zzzzzzzzzzzzzzzzzzzzzzzzz%26message%3Dmsg_00000000000000000000000000%26attempt%3D2\
             %23rc%3D5%26rp%3D5xx%2Cct%2Crt\
             &ValidityPeriod=7200"
        );
    }

    fn media(body: &str, files: &[&str]) -> Outgoing {
        let mut outgoing = outgoing("");
        outgoing.content = Content::Media {
            from: TextSender::Number("+12125550100".parse().unwrap()),
            body: Masked::new(body.into()),
            media: files.iter().map(|file| Masked::new((*file).to_owned())).collect(),
        };
        outgoing
    }

    #[test]
    fn pictures_go_along_by_their_addresses_with_or_without_a_text() {
        let two = ["https://files.example.com/a?k=1&x=2", "https://files.example.com/b"];
        assert_eq!(
            body(&media("Before and after", &two)),
            "To=%2B12125550123&From=%2B12125550100&Body=Before+and+after\
             &MediaUrl=https%3A%2F%2Ffiles.example.com%2Fa%3Fk%3D1%26x%3D2\
             &MediaUrl=https%3A%2F%2Ffiles.example.com%2Fb"
        );
        assert_eq!(
            body(&media("", &two[1..])),
            "To=%2B12125550123&From=%2B12125550100&MediaUrl=https%3A%2F%2Ffiles.example.com%2Fb"
        );
    }

    #[rstest]
    #[case(&[], "media_count")]
    #[case(&["https://files.example.com/a"; 11], "media_count")]
    #[case(&["http://files.example.com/a"], "media_address")]
    #[case(&["https://files.example.com/a", "file:///etc/passwd"], "media_address")]
    #[case(&["a"], "media_address")]
    fn pictures_that_cannot_be_fetched_are_refused_before_the_call(
        #[case] files: &[&str],
        #[case] code: &str,
    ) {
        let error = twilio().request(&media("Hi", files)).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Content, Some(code)));
    }

    #[test]
    fn a_pool_of_senders_takes_the_place_of_the_number() {
        let mut outgoing = outgoing("Hi");
        outgoing.content =
            Content::Text { from: TextSender::Service("MG01".into()), body: Masked::new("Hi".into()) };
        assert_eq!(body(&outgoing), "To=%2B12125550123&MessagingServiceSid=MG01&Body=Hi");
    }

    #[test]
    fn a_callback_keeps_its_own_query() {
        let mut outgoing = outgoing("Hi");
        outgoing.callback = Some("https://api.example.com/s?k=1".into());
        assert!(body(&outgoing).contains("%2Fs%3Fk%3D1%26clinic%3Dcln_"));
    }

    #[rstest]
    #[case(SignedDuration::from_secs(-5), "6")]
    #[case(SignedDuration::from_secs(90), "90")]
    #[case(SignedDuration::from_hours(72), "36000")]
    fn validity_stays_within_what_the_provider_takes(#[case] given: SignedDuration, #[case] sent: &str) {
        let mut outgoing = outgoing("Hi");
        outgoing.good_for = Some(given);
        assert!(body(&outgoing).ends_with(&format!("&ValidityPeriod={sent}")));
    }

    #[rstest]
    #[case("", "text_empty")]
    #[case(" \n\t", "text_empty")]
    #[case(&"a".repeat(1601), "text_too_long")]
    #[case(&"👍".repeat(801), "text_too_long")]
    fn a_text_that_no_carrier_takes_is_refused_before_the_call(#[case] text: &str, #[case] code: &str) {
        let error = twilio().request(&outgoing(text)).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Content, Some(code)));
    }

    #[test]
    fn the_longest_text_passes() {
        assert!(twilio().request(&outgoing(&"a".repeat(1600))).is_ok());
        assert!(twilio().request(&outgoing(&"👍".repeat(800))).is_ok());
    }

    #[rstest]
    #[case("https://my_host.example.com/s")]
    #[case("not an address")]
    #[case("mailto:a@example.com")]
    fn a_callback_the_provider_would_refuse_is_a_matter_of_settings(#[case] callback: &str) {
        let mut outgoing = outgoing("Hi");
        outgoing.callback = Some(callback.into());
        assert_eq!(twilio().request(&outgoing).unwrap_err().class, ErrorClass::Config);
    }

    #[test]
    fn mail_is_refused() {
        let mut outgoing = outgoing("Hi");
        outgoing.to = Address::Email("ana@example.com".parse().unwrap());
        assert_eq!(twilio().request(&outgoing).unwrap_err().code.as_deref(), Some("wrong_channel"));
    }

    #[test]
    fn nothing_personal_is_printed() {
        let outgoing = outgoing("secret");
        let printed = format!("{outgoing:?} {:?}", twilio().request(&outgoing).unwrap());
        assert!(!printed.contains("secret\"") && !printed.contains("5550123"), "{printed}");
    }
}
