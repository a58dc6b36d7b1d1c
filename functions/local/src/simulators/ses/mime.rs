//! Reads a raw MIME message the way a mailbox does.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::Masked;
use mail_parser::{MessageParser, MimeHeaders as _, PartType};

use crate::simulators::fact::Attachment;

/// What a raw message shows once decoded.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) subject: String,
    pub(super) from: Option<String>,
    pub(super) to: Vec<String>,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) headers: Vec<(String, Masked<String>)>,
    pub(super) attachments: Vec<Attachment>,
}

/// Decodes a message; none if it has no header at all.
pub(super) fn read(raw: &[u8]) -> Option<Shown> {
    let message = MessageParser::default().parse(raw)?;
    let mut shown = Shown { subject: message.subject().unwrap_or_default().to_owned(), ..Shown::default() };
    shown.from = message.from().and_then(|from| from.first()?.address().map(str::to_owned));
    for list in [message.to(), message.cc(), message.bcc()].into_iter().flatten() {
        shown.to.extend(list.iter().filter_map(|mailbox| mailbox.address().map(str::to_owned)));
    }
    for header in message.headers() {
        let written = raw.get(header.offset_start() as usize..header.offset_end() as usize);
        let written = String::from_utf8_lossy(written.unwrap_or_default());
        let unfolded = written.split_whitespace().collect::<Vec<_>>().join(" ");
        let value = header.value().as_text().map_or(unfolded, |decoded| decoded.trim().to_owned());
        shown.headers.push((header.name().to_owned(), value.into()));
    }
    for part in &message.parts {
        let named = part.attachment_name().is_some();
        let attached = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
        let calendar = part.is_content_type("text", "calendar");
        match &part.body {
            PartType::Multipart(_) | PartType::Message(_) => {}
            PartType::Text(text) if !named && !attached && !calendar && shown.text.is_none() => {
                shown.text = Some(text.clone().into_owned());
            }
            PartType::Html(html) if !named && !attached && shown.html.is_none() => {
                shown.html = Some(html.clone().into_owned());
            }
            _ => {
                let content_type =
                    part.content_type().map_or("application/octet-stream".to_owned(), |kind| {
                        format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream"))
                    });
                let unnamed = if calendar { "invite.ics" } else { "attachment" };
                let name = part.attachment_name().unwrap_or(unnamed).to_owned();
                let content = BASE64_STANDARD.encode(part.contents()).into();
                shown.attachments.push(Attachment { name, content_type, content });
            }
        }
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_an_invitation_is_taken_apart() {
        let raw = concat!(
            "From: Smile =?utf-8?q?Cl=C3=ADnica?= <care@clinic.example>\r\n",
            "To: Ana <ana@example.com>\r\n",
            "Subject: =?utf-8?b?U8OtLCB5b3VyIHZpc2l0?=\r\n",
            "List-Unsubscribe: <https://clinic.example/u/abc>\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: multipart/mixed; boundary=m\r\n\r\n",
            "--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n",
            "--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
            "Se=C3=B1ora Ana\r\n",
            "--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Ana</p>\r\n--a--\r\n",
            "--m\r\nContent-Type: text/calendar; method=REQUEST; name=visit.ics\r\n",
            "Content-Disposition: attachment; filename=visit.ics\r\n",
            "Content-Transfer-Encoding: base64\r\n\r\nQkVHSU46VkNBTEVOREFS\r\n--m--\r\n",
        );
        let shown = read(raw.as_bytes()).unwrap();
        assert_eq!(shown.subject, "Sí, your visit");
        assert_eq!(shown.from.as_deref(), Some("care@clinic.example"));
        assert_eq!(shown.to, ["ana@example.com"]);
        assert_eq!(shown.text.as_deref().map(str::trim), Some("Señora Ana"));
        assert_eq!(shown.html.as_deref().map(str::trim), Some("<p>Ana</p>"));
        let header = shown.headers.iter().find(|(name, _)| name == "List-Unsubscribe").unwrap();
        assert_eq!(header.1.reveal(), "<https://clinic.example/u/abc>");
        assert_eq!(shown.attachments.len(), 1);
        assert_eq!(shown.attachments[0].name, "visit.ics");
        assert_eq!(shown.attachments[0].content_type, "text/calendar");
        assert_eq!(shown.attachments[0].content.reveal(), "QkVHSU46VkNBTEVOREFS");
    }
}
