//! The call that sends a mail.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, header as names};
use serde_json::{Map, Value, json};

use super::Sendgrid;
use crate::{
    Address, Auth, Content, Outgoing, Prepared, SendError,
    ids::{reference, unusable_settings},
    mail::parts,
};

/// Bytes that a mail may have, attachments in base64 included.
const LARGEST: usize = 30_000_000;

pub(super) fn request(sendgrid: &Sendgrid, outgoing: &Outgoing) -> Result<Prepared, SendError> {
    let (Address::Email(to), Content::Mail(mail)) = (&outgoing.to, &outgoing.content) else {
        return Err(SendError::wrong_channel());
    };
    let mut from = json!({ "email": mail.from.as_str() });
    let name = parts::from_name(mail)?;
    if !name.is_empty() {
        from["name"] = name.into();
    }
    let (text, html) = parts::bodies(mail)?;
    let mut content = vec![json!({ "type": "text/plain", "value": text })];
    content.extend(html.map(|html| json!({ "type": "text/html", "value": html })));
    let mut body = json!({
        "personalizations": [{
            "to": [{ "email": to.as_str() }],
            // Comes back with every event, beside the event's own fields, one of which is called `attempt`.
            "custom_args": { "reference": reference(outgoing) },
        }],
        "from": from,
        "subject": parts::subject(mail)?,
        "content": content,
    });
    if let Some(reply_to) = &mail.reply_to {
        body["reply_to"] = json!({ "email": reply_to.as_str() });
    }
    let headers: Map<String, Value> =
        parts::headers(mail)?.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    if !headers.is_empty() {
        body["headers"] = headers.into();
    }
    if !mail.attachments.is_empty() {
        body["attachments"] = mail
            .attachments
            .iter()
            .map(|file| {
                let name = parts::attachment(file)?;
                Ok(json!({
                    "content": STANDARD.encode(file.bytes.reveal()),
                    "filename": name,
                    "type": file.content_type,
                    "disposition": "attachment",
                }))
            })
            .collect::<Result<_, SendError>>()?;
    }
    // Said in either case: the account's own default is for somebody else to change.
    body["tracking_settings"] = json!({
        "click_tracking": { "enable": mail.tracked, "enable_text": false },
        "open_tracking": { "enable": mail.tracked },
        "subscription_tracking": { "enable": false },
    });

    let body = body.to_string();
    if body.len() > LARGEST {
        return Err(parts::unfit("mail_too_large", "the mail is larger than 30 MB"));
    }
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/v3/mail/send", sendgrid.base_url.trim_end_matches('/')))
        .header(names::ACCEPT, "application/json")
        .header(names::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))
        .map_err(|_| unusable_settings())?;
    Ok(Prepared { request, auth: Auth::Bearer { secret: sendgrid.secret.clone() } })
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, Masked, MessageId};
    use rstest::rstest;

    use super::*;
    use crate::{Attachment, Carrier, ErrorClass, Mail};

    fn sendgrid() -> Sendgrid {
        Sendgrid { base_url: "https://api.sendgrid.com/".into(), secret: "sendgrid/main".into() }
    }

    fn mail() -> Mail {
        Mail {
            from: "front@bright.example.com".parse().unwrap(),
            from_name: String::new(),
            reply_to: None,
            subject: Masked::new("Your visit".into()),
            text: Masked::new("See you at 9:30.".into()),
            html: None,
            headers: vec![],
            attachments: vec![],
            tracked: true,
        }
    }

    fn outgoing(mail: Mail) -> Outgoing {
        Outgoing {
            message: MessageId::FIRST,
            clinic: ClinicId::LAST,
            attempt: 2,
            to: Address::Email("ana@example.com".parse().unwrap()),
            content: Content::Mail(Box::new(mail)),
            callback: None,
            good_for: None,
        }
    }

    fn body(mail: Mail) -> String {
        let prepared = sendgrid().request(&outgoing(mail)).unwrap();
        String::from_utf8(prepared.request.body().to_vec()).unwrap()
    }

    /// A-16
    #[test]
    fn the_request_is_what_the_provider_documents_byte_for_byte() {
        let mut mail = mail();
        mail.from_name = "Bright Smiles, Dr. O'Neil".into();
        mail.reply_to = Some("desk@bright.example.com".parse().unwrap());
        mail.subject = Masked::new("Tu visita está confirmada".into());
        mail.html = Some(Masked::new("<p>See you at <b>9:30</b>.</p>".into()));
        mail.headers = vec![
            ("List-Unsubscribe".into(), "<https://u.example.com/t>, <mailto:u@example.com>".into()),
            ("List-Unsubscribe-Post".into(), "List-Unsubscribe=One-Click".into()),
        ];
        mail.attachments = vec![Attachment {
            name: Masked::new("visit.ics".into()),
            content_type: "text/calendar; method=REQUEST".into(),
            bytes: Masked::new(Bytes::from_static(b"BEGIN:VCALENDAR")),
        }];
        mail.tracked = false;
        let prepared = sendgrid().request(&outgoing(mail.clone())).unwrap();
        assert_eq!(prepared.auth, Auth::Bearer { secret: "sendgrid/main".into() });
        let (head, _) = prepared.request.into_parts();
        assert_eq!(format!("{} {}", head.method, head.uri), "POST https://api.sendgrid.com/v3/mail/send");
        assert_eq!(
            body(mail),
            concat!(
                r#"{"personalizations":[{"to":[{"email":"ana@example.com"}],"custom_args":"#,
                r#"{"reference":"cln_7zzzzzzzzzzzzzzzzzzzzzzzzz.msg_00000000000000000000000000.2"}}],"#,
                r#""from":{"email":"front@bright.example.com","name":"Bright Smiles, Dr. O'Neil"},"#,
                r#""subject":"Tu visita está confirmada","content":["#,
                r#"{"type":"text/plain","value":"See you at 9:30."},"#,
                r#"{"type":"text/html","value":"<p>See you at <b>9:30</b>.</p>"}],"#,
                r#""reply_to":{"email":"desk@bright.example.com"},"#,
                r#""headers":{"List-Unsubscribe":"<https://u.example.com/t>, <mailto:u@example.com>","#,
                r#""List-Unsubscribe-Post":"List-Unsubscribe=One-Click"},"#,
                r#""attachments":[{"content":"QkVHSU46VkNBTEVOREFS","filename":"visit.ics","#,
                r#""type":"text/calendar; method=REQUEST","disposition":"attachment"}],"#,
                r#""tracking_settings":{"click_tracking":{"enable":false,"enable_text":false},"#,
                r#""open_tracking":{"enable":false},"subscription_tracking":{"enable":false}}}"#,
            )
        );
    }

    #[test]
    fn what_is_not_there_is_not_sent_and_tracking_is_always_said() {
        let body: Value = serde_json::from_str(&body(mail())).unwrap();
        let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["personalizations", "from", "subject", "content", "tracking_settings"]);
        assert_eq!(body["tracking_settings"]["open_tracking"]["enable"], true);
    }

    /// A-16
    #[test]
    fn a_missing_plain_text_is_made_from_the_html() {
        let mut mail = mail();
        mail.text = Masked::new(" ".into());
        mail.html = Some(Masked::new("<p>Hi <b>Ana</b></p>".into()));
        let body: Value = serde_json::from_str(&body(mail)).unwrap();
        assert_eq!(body["content"][0]["value"], "Hi Ana");
        assert_eq!(body["content"][0]["type"], "text/plain");
    }

    #[rstest]
    #[case::subject(|mail: &mut Mail| mail.subject = Masked::new("a\r\nBcc: x".into()), "subject_breaks_out")]
    #[case::name(|mail: &mut Mail| mail.from_name = "a\nb".into(), "from_name_breaks_out")]
    #[case::header(|mail: &mut Mail| mail.headers = vec![("X-A".into(), "a\r\nb".into())], "header_breaks_out")]
    #[case::reserved(|mail: &mut Mail| mail.headers = vec![("bcc".into(), "a".into())], "header_reserved")]
    #[case::empty(|mail: &mut Mail| mail.text = Masked::new(String::new()), "mail_empty")]
    #[case::large(
        |mail: &mut Mail| mail.attachments = vec![Attachment {
            name: Masked::new("a.pdf".into()),
            content_type: "application/pdf".into(),
            bytes: Masked::new(vec![0; 23_000_000].into()),
        }],
        "mail_too_large"
    )]
    fn a_mail_that_does_not_fit_is_refused_before_the_call(#[case] spoil: fn(&mut Mail), #[case] code: &str) {
        let mut mail = mail();
        spoil(&mut mail);
        let error = sendgrid().request(&outgoing(mail)).unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Content, Some(code)));
    }

    #[test]
    fn a_text_message_is_refused() {
        let mut outgoing = outgoing(mail());
        outgoing.to = Address::Phone("+12125550123".parse().unwrap());
        assert_eq!(sendgrid().request(&outgoing).unwrap_err().code.as_deref(), Some("wrong_channel"));
    }
}
