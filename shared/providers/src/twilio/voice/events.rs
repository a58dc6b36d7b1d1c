//! What Twilio tells about calls: <https://www.twilio.com/docs/voice/api/call-resource#statuscallback>.

use kernel::{ClinicId, MessageId};
use url::Url;

use super::classes;
use crate::{
    Address, AnsweredBy, Event, Pressed, Provider, Rang, Receipt, ReceiptStatus, Unreadable, Verified,
    hook::Call, ids::Ids, twilio::events::Fields,
};

/// What Twilio wants to know before it speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The provider's id of the call.
    pub provider_id: String,
    /// Our id of the message, if it came back to us.
    pub message: Option<MessageId>,
    /// The clinic, if that came back to us.
    pub clinic: Option<ClinicId>,
    /// The attempt, if that came back to us.
    pub attempt: Option<u32>,
    /// Who picked up.
    pub answered_by: AnsweredBy,
}

pub(super) fn asked(verified: &Verified) -> Option<Asked> {
    let told = Told::of(verified).ok()?;
    let is_asked = told.is_ours() && told.fields.get("CallStatus") == Some("in-progress");
    // Status callbacks name their source; what presses a key comes with it.
    if !is_asked || told.fields.get("CallbackSource").is_some() || told.fields.get("Digits").is_some() {
        return None;
    }
    Some(Asked {
        provider_id: told.id().ok()?,
        message: told.ids.message,
        clinic: told.ids.clinic,
        attempt: told.ids.attempt,
        answered_by: told.answered_by(),
    })
}

pub(super) fn read(verified: &Verified) -> Result<Vec<Event>, Unreadable> {
    let told = Told::of(verified)?;
    let status = told.fields.get("CallStatus").ok_or(Unreadable::Absent("CallStatus"))?;
    if !told.is_ours() {
        // How a call to us goes on is nothing to keep; that it came is.
        return if status == "ringing" { Ok(vec![Event::Rang(told.rang()?)]) } else { Ok(Vec::new()) };
    }
    let Some(digits) = told.fields.get("Digits") else {
        return Ok(vec![Event::Receipt(told.receipt(told.fate(status))?)]);
    };
    // A machine presses no keys: whoever did has heard us.
    let heard = told.receipt((ReceiptStatus::Delivered, None))?;
    Ok(vec![Event::Receipt(heard), Event::Pressed(told.pressed(digits)?)])
}

struct Told<'a> {
    ids: Ids,
    fields: Fields<'a>,
}

impl<'a> Told<'a> {
    fn of(verified: &'a Verified) -> Result<Self, Unreadable> {
        let (Provider::TwilioVoice, Call::Form { url, fields }) = (verified.provider, &verified.call) else {
            return Err(Unreadable::Foreign);
        };
        let url = Url::parse(url).map_err(|_| Unreadable::Wrong("url"))?;
        Ok(Self { ids: Ids::in_url(&url), fields: Fields(fields) })
    }

    fn is_ours(&self) -> bool {
        self.fields.get("Direction").is_none_or(|direction| direction.starts_with("outbound"))
    }

    fn id(&self) -> Result<String, Unreadable> {
        self.fields.get("CallSid").map(str::to_owned).ok_or(Unreadable::Absent("CallSid"))
    }

    fn answered_by(&self) -> AnsweredBy {
        match self.fields.get("AnsweredBy") {
            Some("human") => AnsweredBy::Person,
            Some("machine_end_beep" | "machine_end_silence" | "machine_end_other") => AnsweredBy::Machine,
            Some("machine_start") => AnsweredBy::MachineSpeaking,
            Some("fax") => AnsweredBy::Fax,
            _ => AnsweredBy::Unknown,
        }
    }

    /// How the call went, and what stands in the data file for it. Only a person, or a machine whose greeting was
    /// waited for, makes an answered call a delivered one.
    fn fate(&self, status: &str) -> (ReceiptStatus, Option<&'static str>) {
        match (status, self.answered_by()) {
            ("completed", AnsweredBy::Person) => (ReceiptStatus::Delivered, None),
            ("completed", AnsweredBy::Machine) => (ReceiptStatus::Voicemail, None),
            ("completed", AnsweredBy::MachineSpeaking) => (ReceiptStatus::Undelivered, Some("machine_start")),
            ("completed", AnsweredBy::Fax) => (ReceiptStatus::Undelivered, Some("fax")),
            ("completed", AnsweredBy::Unknown) => (ReceiptStatus::Undelivered, Some("answered_by_unknown")),
            ("busy", _) => (ReceiptStatus::Undelivered, Some("busy")),
            ("no-answer", _) => (ReceiptStatus::Undelivered, Some("no-answer")),
            ("failed", _) => (ReceiptStatus::Failed, Some("failed")),
            ("canceled", _) => (ReceiptStatus::Canceled, None),
            (going_on, _) => (super::status(going_on), None),
        }
    }

    fn receipt(&self, fate: (ReceiptStatus, Option<&str>)) -> Result<Receipt, Unreadable> {
        let (status, fate) = fate;
        let code = self.fields.get("ErrorCode").filter(|code| *code != "0").or(fate);
        let error =
            code.map(|code| classes().reported(code, self.fields.get("ErrorMessage").map(str::to_owned)));
        Ok(Receipt {
            provider: Provider::TwilioVoice,
            provider_id: self.id()?,
            message: self.ids.message,
            clinic: self.ids.clinic,
            attempt: self.ids.attempt,
            status,
            address: error.as_ref().and_then(|_| self.fields.phone("To").ok()).map(Address::Phone),
            error,
            at: None,
            machine_open: false,
        })
    }

    fn pressed(&self, digits: &str) -> Result<Pressed, Unreadable> {
        let plays = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
        if digits.len() > 32 || !digits.chars().all(plays) {
            return Err(Unreadable::Wrong("Digits"));
        }
        Ok(Pressed {
            provider: Provider::TwilioVoice,
            provider_id: self.id()?,
            message: self.ids.message,
            clinic: self.ids.clinic,
            attempt: self.ids.attempt,
            by: self.fields.phone("To")?,
            ours: self.fields.phone("From")?,
            digits: digits.to_owned(),
            key: classes().keys.get(digits).copied(),
        })
    }

    fn rang(&self) -> Result<Rang, Unreadable> {
        Ok(Rang {
            provider: Provider::TwilioVoice,
            provider_id: self.id()?,
            from: self.fields.phone("From").ok(),
            to: self.fields.phone("To")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{ErrorClass, Key, twilio::form};

    const URL: &str = "https://api.example.test/c";
    const CALL: &str = "CallSid=CA1&Direction=outbound-api&To=%2B12125550123&From=%2B12125550100";

    fn verified(body: &str) -> Verified {
        let fields = form::texts(form::strict(body.as_bytes()).unwrap());
        Verified { provider: Provider::TwilioVoice, call: Call::Form { url: URL.into(), fields } }
    }

    fn receipt(tail: &str) -> Receipt {
        match read(&verified(&format!("{CALL}&{tail}"))).unwrap().remove(0) {
            Event::Receipt(receipt) => receipt,
            other => panic!("a receipt and not {other:?}"),
        }
    }

    #[rstest]
    #[case("completed&AnsweredBy=human", ReceiptStatus::Delivered, None)]
    #[case("completed&AnsweredBy=machine_end_beep", ReceiptStatus::Voicemail, None)]
    #[case("completed&AnsweredBy=machine_end_silence", ReceiptStatus::Voicemail, None)]
    #[case("completed&AnsweredBy=machine_end_other", ReceiptStatus::Voicemail, None)]
    #[case("completed&AnsweredBy=machine_start", ReceiptStatus::Undelivered, Some(ErrorClass::Ambiguous))]
    #[case("completed&AnsweredBy=unknown", ReceiptStatus::Undelivered, Some(ErrorClass::Ambiguous))]
    #[case("completed&AnsweredBy=a_newer_word", ReceiptStatus::Undelivered, Some(ErrorClass::Ambiguous))]
    #[case("completed", ReceiptStatus::Undelivered, Some(ErrorClass::Ambiguous))]
    #[case("completed&AnsweredBy=fax", ReceiptStatus::Undelivered, Some(ErrorClass::Address))]
    #[case("busy", ReceiptStatus::Undelivered, Some(ErrorClass::Transient))]
    #[case("no-answer", ReceiptStatus::Undelivered, Some(ErrorClass::Transient))]
    #[case("failed", ReceiptStatus::Failed, Some(ErrorClass::TransientOnce))]
    #[case("failed&ErrorCode=32017", ReceiptStatus::Failed, Some(ErrorClass::Config))]
    #[case("canceled", ReceiptStatus::Canceled, None)]
    #[case("queued", ReceiptStatus::Queued, None)]
    #[case("initiated", ReceiptStatus::Sending, None)]
    #[case("ringing", ReceiptStatus::Sending, None)]
    #[case("in-progress&AnsweredBy=human", ReceiptStatus::Sent, None)]
    #[case("dreaming", ReceiptStatus::Other("dreaming".into()), None)]
    fn who_picked_up_decides_whether_it_arrived(
        #[case] tail: &str,
        #[case] status: ReceiptStatus,
        #[case] class: Option<ErrorClass>,
    ) {
        let receipt = receipt(&format!("CallStatus={tail}"));
        assert_eq!((receipt.status, receipt.error.map(|error| error.class)), (status, class));
    }

    #[rstest]
    #[case("1", Some(Key::Confirm))]
    #[case("2", Some(Key::Change))]
    #[case("9", Some(Key::OptOut))]
    #[case("7", None)]
    #[case("%2A", None)]
    fn a_key_is_an_answer_and_proves_a_person(#[case] digits: &str, #[case] key: Option<Key>) {
        let told = read(&verified(&format!("{CALL}&CallStatus=in-progress&Digits={digits}"))).unwrap();
        let [Event::Receipt(receipt), Event::Pressed(pressed)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(receipt.status, ReceiptStatus::Delivered);
        assert_eq!((pressed.key, pressed.by.as_str()), (key, "+12125550123"));
        assert_ne!(told[0].key(), told[1].key());
    }

    #[rstest]
    #[case("CallStatus=in-progress&AnsweredBy=human", Some(AnsweredBy::Person))]
    #[case("CallStatus=in-progress", Some(AnsweredBy::Unknown))]
    #[case("CallStatus=in-progress&AnsweredBy=machine_end_beep", Some(AnsweredBy::Machine))]
    #[case("CallStatus=in-progress&CallbackSource=call-progress-events", None)]
    #[case("CallStatus=in-progress&Digits=1", None)]
    #[case("CallStatus=completed", None)]
    fn only_who_asks_what_to_say_is_told(#[case] tail: &str, #[case] who: Option<AnsweredBy>) {
        let asked = asked(&verified(&format!("{CALL}&{tail}")));
        assert_eq!(asked.map(|asked| asked.answered_by), who);
    }

    #[test]
    fn a_call_to_us_is_told_once_and_a_hidden_number_is_no_failure() {
        let call = "CallSid=CA2&Direction=inbound&To=%2B12125550100&From=anonymous&CallStatus=";
        let told = read(&verified(&format!("{call}ringing"))).unwrap();
        let [Event::Rang(rang)] = &told[..] else { panic!("{told:?}") };
        assert_eq!((rang.from.as_ref(), rang.to.as_str()), (None, "+12125550100"));
        assert_eq!(read(&verified(&format!("{call}completed"))), Ok(vec![]));
        assert_eq!(asked(&verified(&format!("{call}in-progress"))), None);
    }

    #[rstest]
    #[case("", Unreadable::Absent("CallStatus"))]
    #[case("CallStatus=busy", Unreadable::Absent("CallSid"))]
    #[case("CallStatus=in-progress&CallSid=CA1&Digits=1&To=x", Unreadable::Wrong("To"))]
    #[case("CallStatus=in-progress&CallSid=CA1&Digits=%3Cb%3E", Unreadable::Wrong("Digits"))]
    fn what_is_missing_is_named(#[case] body: &str, #[case] why: Unreadable) {
        assert_eq!(read(&verified(body)), Err(why));
    }

    #[test]
    fn a_call_about_a_text_is_refused() {
        let call = Call::Form { url: URL.into(), fields: vec![] };
        assert_eq!(read(&Verified { provider: Provider::Twilio, call }), Err(Unreadable::Foreign));
    }
}
