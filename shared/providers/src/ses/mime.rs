//! A whole mail as MIME (RFC 5322, 2045, 2046), for what the provider's own composer cannot say: a calendar that
//! stands beside the texts is shown as an invitation, one that is merely attached is not (RFC 6047 §2.4).
//!
//! Date and Message-ID are left to SES, which writes its own in any case.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use kernel::EmailAddress;

use crate::{
    Mail, Outgoing, SendError,
    mail::{header, parts},
};

/// Bytes that one line of base64 encodes: 57 become the 76 characters a line may have (RFC 2045 §6.8).
const LINE: usize = 57;

/// Whether a mail needs to be written by us.
pub(super) fn is_needed(mail: &Mail) -> bool {
    mail.attachments.iter().any(|file| parts::method(file).is_some())
}

pub(super) fn message(outgoing: &Outgoing, mail: &Mail, to: &EmailAddress) -> Result<String, SendError> {
    let (text, html) = parts::bodies(mail)?;
    let mut out = String::new();
    line(&mut out, "From", &header::mailbox(parts::from_name(mail)?, mail.from.as_str()));
    line(&mut out, "To", to.as_str());
    if let Some(reply_to) = &mail.reply_to {
        line(&mut out, "Reply-To", reply_to.as_str());
    }
    line(&mut out, "Subject", &header::encoded(parts::subject(mail)?));
    for (name, value) in parts::headers(mail)? {
        line(&mut out, name, &value);
    }
    line(&mut out, "MIME-Version", "1.0");

    // An underscore after an equals sign stands in no base64, so that no content can end its own part.
    let outer = format!("=_mixed_{}_{}", outgoing.message, outgoing.attempt);
    let inner = format!("=_alternative_{}_{}", outgoing.message, outgoing.attempt);
    line(&mut out, "Content-Type", &format!("multipart/mixed; boundary=\"{outer}\""));
    out.push_str("\r\n");

    let _ = write!(out, "--{outer}\r\n");
    line(&mut out, "Content-Type", &format!("multipart/alternative; boundary=\"{inner}\""));
    out.push_str("\r\n");
    part(&mut out, &inner, "text/plain; charset=utf-8", None, text.as_bytes());
    if let Some(html) = html {
        part(&mut out, &inner, "text/html; charset=utf-8", None, html.as_bytes());
    }
    for file in &mail.attachments {
        if let Some(method) = parts::method(file) {
            let kind = format!("text/calendar; charset=utf-8; method={method}");
            part(&mut out, &inner, &kind, None, file.bytes.reveal());
        }
    }
    let _ = write!(out, "--{inner}--\r\n");

    for file in &mail.attachments {
        let name = parts::attachment(file)?;
        // Beside the texts it carries its method; as a file it is opened by hand, and a second method would
        // show the invitation twice.
        let kind = if parts::method(file).is_some() { "application/ics" } else { &file.content_type };
        part(&mut out, &outer, kind, Some(&disposition(name)), file.bytes.reveal());
    }
    let _ = write!(out, "--{outer}--\r\n");
    Ok(out)
}

fn line(out: &mut String, name: &str, value: &str) {
    // Encoded words may stand on lines of their own (RFC 2047 §2).
    let value = value.replace("?= =?", "?=\r\n =?");
    let _ = write!(out, "{name}: {value}\r\n");
}

fn part(out: &mut String, boundary: &str, kind: &str, disposition: Option<&str>, bytes: &[u8]) {
    let _ = write!(out, "--{boundary}\r\n");
    line(out, "Content-Type", kind);
    if let Some(disposition) = disposition {
        line(out, "Content-Disposition", disposition);
    }
    line(out, "Content-Transfer-Encoding", "base64");
    out.push_str("\r\n");
    for chunk in bytes.chunks(LINE) {
        out.push_str(&STANDARD.encode(chunk));
        out.push_str("\r\n");
    }
}

/// The file's name, as it is or percent-encoded (RFC 2231 §4).
fn disposition(name: &str) -> String {
    if name.is_ascii() {
        return format!("attachment; filename=\"{name}\"");
    }
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename*=utf-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kernel::{ClinicId, Masked, MessageId};
    use mail_parser::{MessageParser, MimeHeaders, PartType};
    use proptest::prelude::*;

    use super::*;
    use crate::{Address, Attachment, Content};

    fn invitation() -> Mail {
        Mail {
            from: "front@bright.example.com".parse().unwrap(),
            from_name: "Clínica Bright".into(),
            reply_to: Some("reply@in.example.com".parse().unwrap()),
            subject: Masked::new("Tu visita está confirmada".into()),
            text: Masked::new("See you at 9:30.\n--=_mixed\n.".into()),
            html: Some(Masked::new("<p>See you at <b>9:30</b>.</p>".into())),
            headers: vec![("List-Unsubscribe".into(), "<https://u.example.com/t>".into())],
            attachments: vec![
                Attachment {
                    name: Masked::new("visit.ics".into()),
                    content_type: "text/calendar; method=REQUEST".into(),
                    bytes: Masked::new(Bytes::from_static(b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n")),
                },
                Attachment {
                    name: Masked::new("Bienvenida ñ.pdf".into()),
                    content_type: "application/pdf".into(),
                    bytes: Masked::new(vec![0, 159, 146, 150].into()),
                },
            ],
            tracked: false,
        }
    }

    fn written(mail: &Mail) -> Result<String, SendError> {
        let to: EmailAddress = "ana@example.com".parse().unwrap();
        let outgoing = Outgoing {
            message: MessageId::FIRST,
            clinic: ClinicId::LAST,
            attempt: 1,
            to: Address::Email(to.clone()),
            content: Content::Mail(Box::new(mail.clone())),
            callback: None,
            good_for: None,
        };
        message(&outgoing, mail, &to)
    }

    ///
    #[test]
    fn an_invitation_is_read_by_a_stranger_as_it_was_meant() {
        let raw = written(&invitation()).unwrap();
        assert!(raw.is_ascii() && raw.split("\r\n").all(|line| line.len() <= 998 && !line.contains('\n')));
        let read = MessageParser::default().parse(&raw).unwrap();
        assert_eq!(read.subject(), Some("Tu visita está confirmada"));
        assert_eq!(read.from().unwrap().first().unwrap().name(), Some("Clínica Bright"));
        assert_eq!(read.from().unwrap().first().unwrap().address(), Some("front@bright.example.com"));
        assert_eq!(read.reply_to().unwrap().first().unwrap().address(), Some("reply@in.example.com"));
        assert_eq!(read.body_text(0).unwrap(), "See you at 9:30.\r\n--=_mixed\r\n.");
        assert_eq!(read.body_html(0).unwrap(), "<p>See you at <b>9:30</b>.</p>");
        let calendars: Vec<_> = read
            .parts
            .iter()
            .filter(|part| part.content_type().is_some_and(|kind| kind.subtype() == Some("calendar")))
            .collect();
        assert_eq!(calendars.len(), 1);
        assert_eq!(calendars[0].content_type().unwrap().attribute("method"), Some("REQUEST"));
        let names: Vec<_> = read.attachments().filter_map(|part| part.attachment_name()).collect();
        assert_eq!(names, ["visit.ics", "Bienvenida ñ.pdf"]);
        let pdf = read.attachments().last().unwrap();
        assert!(matches!(&pdf.body, PartType::Binary(bytes) if bytes[..] == [0, 159, 146, 150]));
    }

    #[test]
    fn the_message_is_what_the_standard_says_byte_for_byte() {
        let mut mail = invitation();
        mail.from_name = String::new();
        mail.subject = Masked::new("Visit".into());
        mail.text = Masked::new("Hi".into());
        mail.html = None;
        mail.reply_to = None;
        mail.headers.clear();
        mail.attachments.truncate(1);
        mail.attachments[0].bytes = Masked::new(Bytes::from_static(b"X"));
        let id = "msg_00000000000000000000000000_1";
        assert_eq!(
            written(&mail).unwrap(),
            format!(
                "From: front@bright.example.com\r\nTo: ana@example.com\r\nSubject: Visit\r\nMIME-Version: 1.0\r\n\
                 Content-Type: multipart/mixed; boundary=\"=_mixed_{id}\"\r\n\r\n\
                 --=_mixed_{id}\r\nContent-Type: multipart/alternative; boundary=\"=_alternative_{id}\"\r\n\r\n\
                 --=_alternative_{id}\r\nContent-Type: text/plain; charset=utf-8\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\nSGk=\r\n\
                 --=_alternative_{id}\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\nWA==\r\n--=_alternative_{id}--\r\n\
                 --=_mixed_{id}\r\nContent-Type: application/ics\r\n\
                 Content-Disposition: attachment; filename=\"visit.ics\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\nWA==\r\n--=_mixed_{id}--\r\n"
            )
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_said_can_add_a_header_or_a_part(
            name in any::<String>(), subject in any::<String>(), text in any::<String>(), file in any::<String>(),
        ) {
            let mut mail = invitation();
            mail.from_name = name;
            mail.subject = Masked::new(subject);
            mail.text = Masked::new(text);
            mail.attachments[1].name = Masked::new(file);
            if let Ok(raw) = written(&mail) {
                let (head, _) = raw.split_once("\r\n\r\n").unwrap();
                let names: Vec<_> = head
                    .split("\r\n")
                    .filter(|line| !line.starts_with(' '))
                    .map(|line| line.split(':').next().unwrap())
                    .collect();
                prop_assert_eq!(names, [
                    "From", "To", "Reply-To", "Subject", "List-Unsubscribe", "MIME-Version", "Content-Type",
                ]);
                prop_assert_eq!(raw.matches("\r\nContent-Type: ").count(), 7);
            }
        }
    }
}
