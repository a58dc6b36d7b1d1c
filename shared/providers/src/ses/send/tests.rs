use kernel::{ClinicId, Masked, MessageId};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::Carrier;

fn ses() -> Ses {
    Ses { base_url: "https://email.us-east-1.amazonaws.com".into(), configuration_set: "clinic-mail".into() }
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

fn prepared(mail: Mail) -> Result<Prepared, SendError> {
    ses().request(&Outgoing {
        message: MessageId::FIRST,
        clinic: ClinicId::LAST,
        attempt: 1,
        to: Address::Email("ana@example.com".parse().unwrap()),
        content: Content::Mail(Box::new(mail)),
        callback: None,
        good_for: None,
    })
}

fn body(mail: Mail) -> Value {
    serde_json::from_slice(prepared(mail).unwrap().request.body()).unwrap()
}

fn refusal(mail: Mail) -> String {
    let error = prepared(mail).unwrap_err();
    assert_eq!(error.class, ErrorClass::Content);
    error.code.unwrap()
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
        content_type: "text/calendar".into(),
        bytes: Masked::new(Bytes::from_static(b"BEGIN:VCALENDAR")),
    }];
    mail.tracked = false;
    let prepared = prepared(mail).unwrap();
    assert_eq!(prepared.auth, Auth::Aws { service: "ses" });
    let (head, body) = prepared.request.into_parts();
    assert_eq!(
        format!("{} {}", head.method, head.uri),
        "POST https://email.us-east-1.amazonaws.com/v2/email/outbound-emails"
    );
    let headers: Vec<_> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(headers, [("accept", "application/json"), ("content-type", "application/json")]);
    assert_eq!(
        str::from_utf8(&body).unwrap(),
        concat!(
            r#"{"FromEmailAddress":"\"Bright Smiles, Dr. O'Neil\" <front@bright.example.com>","#,
            r#""Destination":{"ToAddresses":["ana@example.com"]},"#,
            r#""ReplyToAddresses":["desk@bright.example.com"],"#,
            r#""Content":{"Simple":{"#,
            r#""Subject":{"Data":"Tu visita está confirmada","Charset":"UTF-8"},"#,
            r#""Body":{"Text":{"Data":"See you at 9:30.","Charset":"UTF-8"},"#,
            r#""Html":{"Data":"<p>See you at <b>9:30</b>.</p>","Charset":"UTF-8"}},"#,
            r#""Headers":[{"Name":"List-Unsubscribe","Value":"<https://u.example.com/t>, <mailto:u@example.com>"},"#,
            r#"{"Name":"List-Unsubscribe-Post","Value":"List-Unsubscribe=One-Click"}],"#,
            r#""Attachments":[{"RawContent":"QkVHSU46VkNBTEVOREFS","FileName":"visit.ics","#,
            r#""ContentType":"text/calendar","ContentDisposition":"ATTACHMENT","ContentTransferEncoding":"BASE64"}]}},"#,
            r#""EmailTags":[{"Name":"clinic","Value":"cln_7zzzzzzzzzzzzzzzzzzzzzzzzz"},"#,
            r#"{"Name":"message","Value":"msg_00000000000000000000000000"},{"Name":"attempt","Value":"1"}],"#,
            r#""ConfigurationSetName":"clinic-mail","#,
            r#""ConfigurationOverrides":{"Tracking":{"OpenTrackingEnabled":"DISABLED","ClickTrackingEnabled":"DISABLED"}}}"#,
        )
    );
}

/// A-16
#[test]
fn a_missing_plain_text_is_made_from_the_html() {
    let mut mail = mail();
    mail.text = Masked::new(" ".into());
    mail.html = Some(Masked::new("<p>Hi <b>Ana</b></p><a href='https://example.com/c'>Confirm</a>".into()));
    let body = body(mail);
    assert_eq!(
        body["Content"]["Simple"]["Body"]["Text"]["Data"],
        "Hi Ana\r\n\r\nConfirm (https://example.com/c)"
    );
}

/// A-16
#[test]
fn an_invitation_goes_out_as_a_whole_mail() {
    let mut mail = mail();
    mail.attachments = vec![Attachment {
        name: Masked::new("visit.ics".into()),
        content_type: "text/calendar; method=REQUEST".into(),
        bytes: Masked::new(Bytes::from_static(b"BEGIN:VCALENDAR")),
    }];
    mail.tracked = false;
    let body = body(mail);
    let keys: Vec<_> = body["Content"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["Raw"]);
    let raw = STANDARD.decode(body["Content"]["Raw"]["Data"].as_str().unwrap()).unwrap();
    assert!(raw.starts_with(b"From: front@bright.example.com\r\nTo: ana@example.com\r\n"));
    assert_eq!(body["Destination"]["ToAddresses"][0], "ana@example.com");
    assert_eq!(body["EmailTags"][1]["Value"], "msg_00000000000000000000000000");
    assert_eq!(body["ConfigurationOverrides"]["Tracking"]["OpenTrackingEnabled"], "DISABLED");
}

#[test]
fn what_is_not_there_is_not_sent() {
    let body = body(mail());
    let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["FromEmailAddress", "Destination", "Content", "EmailTags", "ConfigurationSetName"]);
    assert_eq!(body["FromEmailAddress"], "front@bright.example.com");
}

#[rstest]
#[case("Visit\r\nBcc: all@example.com")]
#[case("Visit\nX: y")]
#[case("Visit\rX: y")]
#[case("Visit\u{85}X")]
#[case("Visit\u{2028}X")]
#[case("Visit\0")]
fn nothing_can_break_out_of_a_header(#[case] text: &str) {
    let mut subject = mail();
    subject.subject = Masked::new(text.into());
    assert_eq!(refusal(subject), "subject_breaks_out");

    let mut name = mail();
    name.from_name = text.into();
    assert_eq!(refusal(name), "from_name_breaks_out");

    let mut value = mail();
    value.headers = vec![("X-Loop".into(), text.into())];
    assert_eq!(refusal(value), "header_breaks_out");

    let mut header_name = mail();
    header_name.headers = vec![(text.into(), "x".into())];
    assert_eq!(refusal(header_name), "header_name_unfit");

    let mut file = mail();
    file.attachments = vec![Attachment {
        name: Masked::new(text.into()),
        content_type: "application/pdf".into(),
        bytes: Masked::new("x".into()),
    }];
    assert_eq!(refusal(file), "attachment_name_unfit");
}

#[rstest]
#[case("Bcc", "x", "header_reserved")]
#[case("REPLY-TO", "x", "header_reserved")]
#[case("Content-Type", "x", "header_reserved")]
#[case("X: y", "x", "header_name_unfit")]
#[case("", "x", "header_name_unfit")]
#[case("X-Empty", "", "header_value_unfit")]
#[case("X-Long", &"a".repeat(996), "header_value_unfit")]
fn headers_the_provider_would_refuse_are_refused_before_the_call(
    #[case] name: &str,
    #[case] value: &str,
    #[case] code: &str,
) {
    let mut mail = mail();
    mail.headers = vec![(name.into(), value.into())];
    assert_eq!(refusal(mail), code);
}

#[test]
fn a_header_that_is_not_ascii_is_encoded() {
    let mut mail = mail();
    mail.headers = vec![("X-Note".into(), "está".into())];
    assert_eq!(body(mail)["Content"]["Simple"]["Headers"][0]["Value"], "=?UTF-8?B?ZXN0w6E=?=");
}

#[rstest]
#[case("application/pdf\r\nX: y")]
#[case("pdf")]
#[case("application/")]
#[case("text/html; charset=utf-8")]
fn an_attachment_needs_a_bare_media_type(#[case] kind: &str) {
    let mut mail = mail();
    mail.attachments = vec![Attachment {
        name: Masked::new("a.pdf".into()),
        content_type: kind.into(),
        bytes: Masked::new("x".into()),
    }];
    assert_eq!(refusal(mail), "attachment_type_unfit");
}

/// A-16
#[test]
fn a_mail_that_is_too_large_is_refused() {
    let mut mail = mail();
    mail.attachments = vec![Attachment {
        name: Masked::new("a.pdf".into()),
        content_type: "application/pdf".into(),
        bytes: Masked::new(vec![0; 30_000_000].into()),
    }];
    assert_eq!(refusal(mail), "mail_too_large");
}

#[test]
fn a_mail_has_to_say_something() {
    let mut empty = mail();
    empty.text = Masked::new("\n".into());
    assert_eq!(refusal(empty), "mail_empty");
    let mut silent = mail();
    silent.subject = Masked::new(" ".into());
    assert_eq!(refusal(silent), "subject_empty");
    let mut long = mail();
    long.subject = Masked::new("a".repeat(1000));
    assert_eq!(refusal(long), "subject_too_long");
    let mut many = mail();
    many.headers = vec![("X-A".into(), "1".into()); 16];
    assert_eq!(refusal(many), "too_many_headers");
    let mut name = mail();
    name.from_name = "n".repeat(101);
    assert_eq!(refusal(name), "from_name_too_long");
}

#[test]
fn a_line_too_long_for_mail_is_broken_or_refused() {
    let mut long = mail();
    long.html = Some(Masked::new("<b>word</b> ".repeat(400)));
    let sent = body(long);
    let html = sent["Content"]["Simple"]["Body"]["Html"]["Data"].as_str().unwrap();
    assert!(html.split("\r\n").all(|line| line.len() <= 998));
    let mut solid = mail();
    solid.text = Masked::new("a".repeat(999));
    assert_eq!(refusal(solid), "line_too_long");
}

#[test]
fn a_text_message_is_refused() {
    let mut outgoing = Outgoing {
        message: MessageId::FIRST,
        clinic: ClinicId::LAST,
        attempt: 1,
        to: Address::Phone("+12125550123".parse().unwrap()),
        content: Content::Mail(Box::new(mail())),
        callback: None,
        good_for: None,
    };
    assert_eq!(ses().request(&outgoing).unwrap_err().class, ErrorClass::Config);
    outgoing.content =
        Content::Text { from: crate::TextSender::Service("MG1".into()), body: Masked::new("x".into()) };
    assert_eq!(ses().request(&outgoing).unwrap_err().class, ErrorClass::Config);
    assert!(!format!("{outgoing:?}{:?}", mail()).contains("9:30"));
}

proptest! {
    #[test]
    fn whatever_is_sent_has_no_header_with_an_end_of_line(
        name in any::<String>(), subject in any::<String>(), header in any::<String>(),
    ) {
        let mut mail = mail();
        mail.from_name = name;
        mail.subject = Masked::new(subject);
        mail.headers = vec![("X-Any".into(), header)];
        if let Ok(prepared) = prepared(mail) {
            let body: Value = serde_json::from_slice(prepared.request.body()).unwrap();
            let from = body["FromEmailAddress"].as_str().unwrap();
            let value = body["Content"]["Simple"]["Headers"][0]["Value"].as_str().unwrap();
            prop_assert!(from.bytes().all(|b| (32..127).contains(&b)), "{from}");
            prop_assert!(value.bytes().all(|b| (32..127).contains(&b)), "{value}");
            let subject = body["Content"]["Simple"]["Subject"]["Data"].as_str().unwrap();
            prop_assert!(!subject.contains(['\r', '\n']));
        }
    }
}
