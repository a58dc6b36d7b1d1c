//! The call that sends a message.

use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::{Value, json};

use super::Whatsapp;
use crate::{
    Address, Approved, Content, ErrorClass, Outgoing, Prepared, SendError,
    ids::{reference, unusable_settings},
};

/// Characters of a free text.
const LONGEST: usize = 4096;
/// Characters of what a button gives back.
const LONGEST_BUTTON: usize = 128;
const MOST_BUTTONS: usize = 10;

pub(super) fn request(whatsapp: &Whatsapp, outgoing: &Outgoing) -> Result<Prepared, SendError> {
    let Address::Phone(to) = &outgoing.to else { return Err(SendError::wrong_channel()) };
    let (kind, content) = match &outgoing.content {
        Content::Approved(approved) => ("template", template(approved)?),
        Content::Chat { body } => ("text", free(body.reveal())?),
        _ => return Err(SendError::wrong_channel()),
    };
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to.as_str().trim_start_matches('+'),
        "type": kind,
    });
    body[kind] = content;
    // Comes back with every status.
    body["biz_opaque_callback_data"] = reference(outgoing).into();

    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/{}/messages", whatsapp.base_url.trim_end_matches('/'), whatsapp.phone_number_id))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body.to_string()))
        .map_err(|_| unusable_settings())?;
    Ok(Prepared { request, auth: whatsapp.auth() })
}

fn unfit(code: &'static str, says: &'static str) -> SendError {
    SendError::own(ErrorClass::Content, code, says)
}

fn free(body: &str) -> Result<Value, SendError> {
    if body.trim().is_empty() {
        return Err(unfit("text_empty", "the message is empty"));
    }
    if body.chars().count() > LONGEST {
        return Err(unfit("text_too_long", "the message is longer than 4,096 characters"));
    }
    Ok(json!({ "preview_url": false, "body": body }))
}

fn template(approved: &Approved) -> Result<Value, SendError> {
    let name = &approved.name;
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !(1..=512).contains(&name.len()) || !name.bytes().all(is_name) {
        return Err(unfit("template_name_unfit", "the name of the provider's template is none"));
    }
    let mut components = Vec::new();
    if !approved.values.is_empty() {
        let values: Vec<_> = approved
            .values
            .iter()
            .map(|value| {
                let value = value.reveal();
                // The provider refuses ends of line, tabs and more than four blanks in a row (error 132012).
                if value.trim().is_empty() || value.contains(['\n', '\r', '\t']) || value.contains("     ") {
                    return Err(unfit("value_unfit", "a value is empty or not one line"));
                }
                Ok(json!({ "type": "text", "text": value }))
            })
            .collect::<Result<_, _>>()?;
        components.push(json!({ "type": "body", "parameters": values }));
    }
    if approved.buttons.len() > MOST_BUTTONS {
        return Err(unfit("too_many_buttons", "the message has more than 10 buttons"));
    }
    for (index, payload) in approved.buttons.iter().enumerate() {
        if !(1..=LONGEST_BUTTON).contains(&payload.chars().count()) {
            return Err(unfit(
                "button_unfit",
                "what a button gives back is empty or longer than 128 characters",
            ));
        }
        components.push(json!({
            "type": "button",
            "sub_type": "quick_reply",
            "index": index.to_string(),
            "parameters": [{ "type": "payload", "payload": payload }],
        }));
    }
    let mut template = json!({ "name": name, "language": { "code": approved.language } });
    if !components.is_empty() {
        template["components"] = components.into();
    }
    Ok(template)
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, Masked, MessageId};
    use rstest::rstest;

    use super::*;
    use crate::{Auth, Carrier};

    fn whatsapp() -> Whatsapp {
        Whatsapp {
            base_url: "https://graph.facebook.com/v23.0/".into(),
            phone_number_id: "123456789".into(),
            secret: "whatsapp/main".into(),
        }
    }

    fn approved(values: &[&str], buttons: &[&str]) -> Content {
        Content::Approved(Box::new(Approved {
            name: "appt_reminder_v1".into(),
            language: "en_US".into(),
            values: values.iter().map(|value| Masked::new((*value).to_owned())).collect(),
            buttons: buttons.iter().map(|button| (*button).to_owned()).collect(),
        }))
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

    fn body(content: Content) -> String {
        let prepared = whatsapp().request(&outgoing(content)).unwrap();
        String::from_utf8(prepared.request.body().to_vec()).unwrap()
    }

    const REFERENCE: &str =
        r#""biz_opaque_callback_data":"cln_7zzzzzzzzzzzzzzzzzzzzzzzzz.msg_00000000000000000000000000.2"}"#;

    #[test]
    fn an_approved_text_is_what_the_provider_documents_byte_for_byte() {
        let content = || approved(&["Ana", "Monday 9:30"], &["CONFIRM:apt_1", "CHANGE:apt_1"]);
        let prepared = whatsapp().request(&outgoing(content())).unwrap();
        assert_eq!(prepared.auth, Auth::Bearer { secret: "whatsapp/main".into() });
        let (head, _) = prepared.request.into_parts();
        assert_eq!(
            format!("{} {}", head.method, head.uri),
            "POST https://graph.facebook.com/v23.0/123456789/messages"
        );
        let headers: Vec<_> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(headers, [("accept", "application/json"), ("content-type", "application/json")]);
        assert_eq!(
            body(content()),
            [
                r#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"12125550123","#,
                r#""type":"template","template":{"name":"appt_reminder_v1","language":{"code":"en_US"},"#,
                r#""components":[{"type":"body","parameters":[{"type":"text","text":"Ana"},"#,
                r#"{"type":"text","text":"Monday 9:30"}]},"#,
                r#"{"type":"button","sub_type":"quick_reply","index":"0","#,
                r#""parameters":[{"type":"payload","payload":"CONFIRM:apt_1"}]},"#,
                r#"{"type":"button","sub_type":"quick_reply","index":"1","#,
                r#""parameters":[{"type":"payload","payload":"CHANGE:apt_1"}]}]},"#,
                REFERENCE,
            ]
            .concat()
        );
    }

    #[test]
    fn a_free_answer_is_a_text_without_preview() {
        assert_eq!(
            body(Content::Chat { body: Masked::new("See you \"then\"\n👍".into()) }),
            [
                r#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"12125550123","#,
                r#""type":"text","text":{"preview_url":false,"body":"See you \"then\"\n👍"},"#,
                REFERENCE,
            ]
            .concat()
        );
    }

    #[test]
    fn a_text_without_gaps_has_no_components() {
        assert!(body(approved(&[], &[])).contains(r#""language":{"code":"en_US"}},"biz_"#));
    }

    #[rstest]
    #[case(Content::Chat { body: Masked::new(" ".into()) }, "text_empty")]
    #[case(Content::Chat { body: Masked::new("a".repeat(4097)) }, "text_too_long")]
    #[case(approved(&["Ana\nBo"], &[]), "value_unfit")]
    #[case(approved(&["a     b"], &[]), "value_unfit")]
    #[case(approved(&[""], &[]), "value_unfit")]
    #[case(approved(&["Ana"], &[""]), "button_unfit")]
    #[case(approved(&["Ana"], &[&"x".repeat(129)]), "button_unfit")]
    #[case(approved(&["Ana"], &["x"; 11]), "too_many_buttons")]
    fn what_the_provider_would_refuse_is_refused_before_the_call(
        #[case] content: Content,
        #[case] code: &str,
    ) {
        let error = whatsapp().request(&outgoing(content)).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Content, Some(code)));
    }

    #[test]
    fn a_template_needs_a_name_of_the_provider() {
        let mut content = approved(&[], &[]);
        let Content::Approved(approved) = &mut content else { panic!("approved") };
        approved.name = "Reminder!".into();
        assert_eq!(
            whatsapp().request(&outgoing(content)).unwrap_err().code.as_deref(),
            Some("template_name_unfit")
        );
    }

    #[test]
    fn a_text_message_is_refused_and_nothing_personal_is_printed() {
        let outgoing = outgoing(Content::Chat { body: Masked::new("secret".into()) });
        let printed = format!("{outgoing:?} {:?}", whatsapp().request(&outgoing).unwrap());
        assert!(!printed.contains("secret\"") && !printed.contains("5550123"), "{printed}");
        let mut text = outgoing;
        text.content =
            Content::Text { from: crate::TextSender::Service("MG1".into()), body: Masked::new("x".into()) };
        assert_eq!(whatsapp().request(&text).unwrap_err().code.as_deref(), Some("wrong_channel"));
    }
}
