//! The call that makes a call.

use bytes::Bytes;
use http::{Method, Request, header};
use url::form_urlencoded;

use super::twiml;
use crate::{
    Address, Content, ErrorClass, Outgoing, Prepared, Script, SendError, Spoken,
    ids::{self, unusable_settings},
    twilio::{Twilio, send::callback},
};

/// Characters of markup that Twilio takes with the call.
const LONGEST: usize = 4000;
/// Seconds that `Timeout` may last.
const RING: std::ops::RangeInclusive<i64> = 5..=600;

pub(super) fn request(twilio: &Twilio, outgoing: &Outgoing) -> Result<Prepared, SendError> {
    let (Address::Phone(to), Content::Call(call)) = (&outgoing.to, &outgoing.content) else {
        return Err(SendError::wrong_channel());
    };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", to.as_str()).append_pair("From", call.from.as_str());
    match &call.script {
        Script::Fixed(spoken) => form.append_pair("Twiml", &fixed(spoken, outgoing)?),
        Script::Asked(of_ours) => {
            form.append_pair("Url", &callback(of_ours, outgoing)?).append_pair("Method", "POST")
        }
    };
    if let Some(of_ours) = &outgoing.callback {
        form.append_pair("StatusCallback", &callback(of_ours, outgoing)?)
            .append_pair("StatusCallbackMethod", "POST");
        for event in ["initiated", "ringing", "answered", "completed"] {
            form.append_pair("StatusCallbackEvent", event);
        }
    }
    let ring = call.ring_for.as_secs().clamp(*RING.start(), *RING.end());
    form.append_pair("Timeout", &ring.to_string());
    // The end of the greeting is waited for, so that what is left on a machine is left whole. Calls are never
    // recorded: some states ask everybody on the line for consent.
    form.append_pair("MachineDetection", "DetectMessageEnd");

    let request = Request::builder()
        .method(Method::POST)
        .uri(twilio.list("Calls"))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(form.finish()))
        .map_err(|_| unusable_settings())?;
    Ok(Prepared { request, auth: twilio.auth() })
}

fn fixed(spoken: &Spoken, outgoing: &Outgoing) -> Result<String, SendError> {
    let unfit = |code, says| SendError::own(ErrorClass::Content, code, says);
    if spoken.person.reveal().trim().is_empty() {
        return Err(unfit("script_empty", "the call has nothing to say"));
    }
    let mut spoken = spoken.clone();
    if let Some(keys) = &mut spoken.keys {
        keys.told = ids::address(&keys.told, outgoing)?.into();
    }
    let twiml = twiml::fixed(&spoken)
        .ok_or_else(|| unfit("language_unspoken", "no voice of the provider speaks this language"))?
        .to_string();
    if twiml.chars().count() > LONGEST {
        return Err(unfit("script_too_long", "the call says more than the provider takes with it"));
    }
    Ok(twiml)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{ClinicId, Masked, MessageId};
    use rstest::rstest;

    use super::*;
    use crate::{Auth, Call, Carrier, Keys, TwilioVoice};

    fn twilio() -> TwilioVoice {
        TwilioVoice(Twilio {
            base_url: "https://api.twilio.com".into(),
            account_sid: "AC00000000000000000000000000000001".into(),
            secret: "twilio/main".into(),
        })
    }

    fn spoken(text: &str) -> Spoken {
        Spoken {
            language: "en".parse().unwrap(),
            person: Masked::new(text.into()),
            machine: Masked::new("Bright Smiles called.".into()),
            keys: Some(Keys {
                prompt: Masked::new("Press 1 to confirm, 9 to stop these calls.".into()),
                told: "https://api.example.com/v1/hooks/twilio/keys".into(),
                wait_seconds: 6,
            }),
            goodbye: Masked::new("Goodbye.".into()),
        }
    }

    fn outgoing(script: Script) -> Outgoing {
        Outgoing {
            message: MessageId::FIRST,
            clinic: ClinicId::LAST,
            attempt: 2,
            to: Address::Phone("+12125550123".parse().unwrap()),
            content: Content::Call(Box::new(Call {
                from: "+12125550100".parse().unwrap(),
                script,
                ring_for: SignedDuration::from_secs(30),
            })),
            callback: None,
            good_for: None,
        }
    }

    fn body(outgoing: &Outgoing) -> String {
        String::from_utf8(twilio().request(outgoing).unwrap().request.body().to_vec()).unwrap()
    }

    fn pairs(body: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(body.as_bytes()).into_owned().collect()
    }

    #[test]
    fn the_request_is_what_the_provider_documents_byte_for_byte() {
        let mut asked = outgoing(Script::Asked("https://api.example.com/v1/hooks/twilio/script".into()));
        asked.callback = Some("https://api.example.com/v1/hooks/twilio/call".into());
        let prepared = twilio().request(&asked).unwrap();
        assert_eq!(prepared.auth, Auth::Basic { secret: "twilio/main".into() });
        let (head, _) = prepared.request.into_parts();
        assert_eq!(
            format!("{} {}", head.method, head.uri),
            "POST https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Calls.json"
        );
        let ids = "%3Fclinic%3Dcln_7zzzzzzzzzzzzzzzzzzzzzzzzz%26message%3Dmsg_00000000000000000000000000\
                   %26attempt%3D2%23rc%3D5%26rp%3D5xx%2Cct%2Crt";
        assert_eq!(
            body(&asked),
            format!(
                "To=%2B12125550123&From=%2B12125550100\
                 &Url=https%3A%2F%2Fapi.example.com%2Fv1%2Fhooks%2Ftwilio%2Fscript{ids}&Method=POST\
                 &StatusCallback=https%3A%2F%2Fapi.example.com%2Fv1%2Fhooks%2Ftwilio%2Fcall{ids}\
                 &StatusCallbackMethod=POST&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing\
                 &StatusCallbackEvent=answered&StatusCallbackEvent=completed&Timeout=30\
                 &MachineDetection=DetectMessageEnd"
            )
        );
    }

    #[test]
    fn words_go_along_with_the_call_and_keys_come_back_with_our_ids() {
        let pairs = pairs(&body(&outgoing(Script::Fixed(spoken("See you at 9:30.")))));
        let twiml = &pairs.iter().find(|(name, _)| name == "Twiml").unwrap().1;
        assert!(twiml.contains("<Say language=\"en-US\">See you at 9:30.</Say>"), "{twiml}");
        assert!(
            twiml.contains(
                "action=\"https://api.example.com/v1/hooks/twilio/keys?clinic=cln_7zzzzzzzzzzzzzzzzzzzzzzzzz\
                 &amp;message=msg_00000000000000000000000000&amp;attempt=2\""
            ),
            "{twiml}"
        );
        assert!(!pairs.iter().any(|(name, _)| name == "Url" || name == "Record"));
    }

    #[rstest]
    #[case(" ", "script_empty")]
    #[case(&"word ".repeat(900), "script_too_long")]
    fn words_that_do_not_fit_are_refused_before_the_call(#[case] text: &str, #[case] code: &str) {
        let error = twilio().request(&outgoing(Script::Fixed(spoken(text)))).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Content, Some(code)));
    }

    #[test]
    fn a_language_that_no_voice_speaks_is_refused() {
        let mut spoken = spoken("Hi");
        spoken.language = "tlh".parse().unwrap();
        let error = twilio().request(&outgoing(Script::Fixed(spoken))).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("language_unspoken"));
    }

    #[rstest]
    #[case(1, "5")]
    #[case(700, "600")]
    fn it_rings_as_long_as_the_provider_lets_it(#[case] seconds: i64, #[case] sent: &str) {
        let mut outgoing = outgoing(Script::Fixed(spoken("Hi")));
        let Content::Call(call) = &mut outgoing.content else { panic!("a call") };
        call.ring_for = SignedDuration::from_secs(seconds);
        assert!(body(&outgoing).contains(&format!("&Timeout={sent}&")));
    }

    #[test]
    fn a_text_is_refused_and_nothing_personal_is_printed() {
        let mut call = outgoing(Script::Fixed(spoken("secret words")));
        let printed = format!("{call:?} {:?}", twilio().request(&call).unwrap());
        assert!(!printed.contains("secret words") && !printed.contains("5550123"), "{printed}");
        call.content = Content::Chat { body: Masked::new("Hi".into()) };
        assert_eq!(twilio().request(&call).unwrap_err().code.as_deref(), Some("wrong_channel"));
    }
}
