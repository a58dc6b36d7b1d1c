//! What Twilio's calls tell: status callbacks and incoming messages.

use kernel::{Masked, Phone};
use url::Url;

use crate::{
    Address, Event, Inbound, MediaRef, OptOutType, Provider, Receipt, ReceiptStatus, Unreadable, Verified,
    hook::Call, ids::Ids,
};

/// Twilio's own limit on files in one message.
const MOST_MEDIA: usize = 10;

pub(super) fn read(verified: &Verified) -> Result<Vec<Event>, Unreadable> {
    let (Provider::Twilio, Call::Form { url, fields }) = (verified.provider, &verified.call) else {
        return Err(Unreadable::Foreign);
    };
    let fields = Fields(fields);
    let event = match fields.get("MessageStatus").or_else(|| fields.get("SmsStatus")) {
        Some("received" | "receiving") => Event::Inbound(inbound(&fields)?),
        // Some channels leave the status of incoming messages out.
        None if fields.get("Body").is_some() => Event::Inbound(inbound(&fields)?),
        None => return Err(Unreadable::Absent("MessageStatus")),
        Some(status) => Event::Receipt(receipt(url, &fields, super::status(status))?),
    };
    Ok(vec![event])
}

pub(super) struct Fields<'a>(pub(super) &'a [(String, String)]);

impl<'a> Fields<'a> {
    /// The first field of this name, if it is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn id(&self) -> Result<String, Unreadable> {
        self.get("MessageSid")
            .or_else(|| self.get("SmsSid"))
            .map(str::to_owned)
            .ok_or(Unreadable::Absent("MessageSid"))
    }

    pub(super) fn phone(&self, name: &'static str) -> Result<Phone, Unreadable> {
        self.get(name).ok_or(Unreadable::Absent(name))?.parse().map_err(|_| Unreadable::Wrong(name))
    }
}

fn receipt(url: &str, fields: &Fields<'_>, status: ReceiptStatus) -> Result<Receipt, Unreadable> {
    let error = fields
        .get("ErrorCode")
        .filter(|code| *code != "0")
        .map(|code| super::classes().reported(code, fields.get("ErrorMessage").map(str::to_owned)));
    let ids = Ids::in_url(&Url::parse(url).map_err(|_| Unreadable::Wrong("url"))?);
    Ok(Receipt {
        provider: Provider::Twilio,
        provider_id: fields.id()?,
        message: ids.message,
        clinic: ids.clinic,
        attempt: ids.attempt,
        status,
        address: error.as_ref().and_then(|_| fields.phone("To").ok()).map(Address::Phone),
        error,
        at: None,
        machine_open: false,
    })
}

fn inbound(fields: &Fields<'_>) -> Result<Inbound, Unreadable> {
    let media = (0..MOST_MEDIA)
        .map_while(|index| {
            let url = fields.get(&format!("MediaUrl{index}"))?;
            let content_type = fields.get(&format!("MediaContentType{index}")).unwrap_or_default();
            Some(MediaRef { url: Masked::new(url.to_owned()), content_type: content_type.to_owned() })
        })
        .collect();
    Ok(Inbound {
        provider: Provider::Twilio,
        provider_id: fields.id()?,
        from: fields.phone("From")?,
        to: fields.phone("To")?,
        body: Masked::new(fields.raw("Body").unwrap_or_default().to_owned()),
        media,
        opt_out_type: fields.get("OptOutType").map(|word| match word {
            "STOP" => OptOutType::Stop,
            "START" => OptOutType::Start,
            "HELP" => OptOutType::Help,
            other => OptOutType::Other(other.chars().take(64).collect()),
        }),
        at: None,
        answers: fields.get("OriginalRepliedMessageSid").map(str::to_owned),
        pressed: fields.get("ButtonPayload").map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{ErrorClass, twilio::form};

    fn events(url: &str, body: &str) -> Result<Event, Unreadable> {
        let fields = form::texts(form::strict(body.as_bytes()).unwrap());
        let call = Call::Form { url: url.into(), fields };
        read(&Verified { provider: Provider::Twilio, call }).map(|mut all| all.remove(0))
    }

    const URL: &str = "https://api.example.test/s";

    #[rstest]
    #[case("", Unreadable::Absent("MessageStatus"))]
    #[case("MessageStatus=sent", Unreadable::Absent("MessageSid"))]
    #[case("MessageSid=SM1", Unreadable::Absent("MessageStatus"))]
    #[case("MessageSid=SM1&SmsStatus=received&To=%2B12125550100", Unreadable::Absent("From"))]
    #[case("MessageSid=SM1&SmsStatus=received&From=12345&To=%2B12125550100", Unreadable::Wrong("From"))]
    fn what_is_missing_is_named(#[case] body: &str, #[case] why: Unreadable) {
        assert_eq!(events(URL, body), Err(why));
    }

    #[test]
    fn foreign_ids_in_the_address_are_no_failure() {
        let url = format!("{URL}?message=m1&clinic=msg_00000000000000000000000000&attempt=-1");
        let Ok(Event::Receipt(receipt)) = events(&url, "SmsSid=SM1&SmsStatus=sent&ErrorCode=") else {
            panic!("a receipt");
        };
        assert_eq!(
            (receipt.message, receipt.clinic, receipt.attempt, receipt.error),
            (None, None, None, None)
        );
    }

    #[test]
    fn an_unknown_error_is_kept_and_tried_once() {
        let body = "MessageSid=SM1&MessageStatus=failed&ErrorCode=77777&To=%2B12125550123&ErrorMessage=Oh";
        let Ok(Event::Receipt(receipt)) = events(URL, body) else { panic!("a receipt") };
        let error = receipt.error.unwrap();
        assert_eq!((error.class, error.code.as_str()), (ErrorClass::TransientOnce, "77777"));
        assert_eq!(error.text.unwrap().reveal(), "Oh");
    }

    #[test]
    fn a_notice_of_another_provider_is_refused() {
        let verified = Verified { provider: Provider::Ses, call: Call::Notice(String::new()) };
        assert_eq!(read(&verified), Err(Unreadable::Foreign));
    }
}
