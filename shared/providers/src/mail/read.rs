//! Reading a mail that came in (RFC 5322).

use bytes::Bytes;
use kernel::{EmailAddress, Masked};
use mail_parser::{HeaderName, HeaderValue, Message, MessageParser, MimeHeaders, PartType};

use super::{plain, quoted::said};
use crate::{InboundMail, MailFile, MailStored, Unreadable, Verdict};

/// Ids of answered mails that are kept.
const MOST_ANSWERED: usize = 20;
/// Files that are listed.
pub(crate) const MOST_FILES: usize = 100;
/// Bytes of text that are kept: more than anybody writes, and little enough for an item of the table and a queue.
const MOST_TEXT: usize = 65_536;
/// Bytes of a subject, a name or an id: those of a header line (RFC 5322 §2.1.1).
const MOST_LINE: usize = 998;

/// The lines above a mail's text that we go by.
pub(crate) struct Head {
    pub(crate) from: EmailAddress,
    pub(crate) from_name: Masked<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) answers: Vec<String>,
    pub(crate) automatic: bool,
    /// Whether one sender is shown and no more. Which of several a check was about, nobody knows.
    pub(crate) is_of_one: bool,
}

/// What was written: all of it, what is new in it, and whether something was cut off.
pub(crate) struct Words {
    pub(crate) text: Masked<String>,
    pub(crate) said: Masked<String>,
    pub(crate) cut: bool,
}

impl Words {
    pub(crate) fn of(text: &str) -> Self {
        let said = said(text);
        Self {
            cut: text.len() > MOST_TEXT,
            text: Masked::new(short(text, MOST_TEXT).to_owned()),
            said: Masked::new(short(&said, MOST_TEXT).to_owned()),
        }
    }
}

/// The beginning, of at most so many bytes.
fn short(text: &str, most: usize) -> &str {
    let end = (0..=text.len().min(most)).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or_default()]
}

/// A header's text, as long as a line may be.
pub(crate) fn line(text: &str) -> String {
    short(text.trim(), MOST_LINE).to_owned()
}

impl Head {
    /// Out of the header lines alone; `None` if no sender stands there.
    pub(crate) fn read(lines: &[u8]) -> Option<Self> {
        // A last line without its end would not be read.
        let whole = [lines.trim_ascii_end(), b"\r\n\r\n"].concat();
        Self::of(&MessageParser::default().parse(&whole)?)
    }

    /// Out of a whole mail.
    pub(crate) fn read_whole(raw: &[u8]) -> Option<Self> {
        Self::of(&MessageParser::default().parse(raw)?)
    }

    fn of(message: &Message<'_>) -> Option<Self> {
        let sender = message.from()?.first()?;
        let shown: usize = message
            .header_values(HeaderName::From)
            .map(|value| value.as_address().map_or(2, |senders| senders.iter().count()))
            .sum();
        Some(Self {
            from: sender.address()?.trim().parse().ok()?,
            from_name: Masked::new(line(sender.name().unwrap_or_default())),
            message_id: message.message_id().map(line),
            answers: answers(message),
            automatic: is_automatic(message),
            is_of_one: shown == 1,
        })
    }
}

/// Reads a mail: what was written, by whom, what it answers, and which files came along.
pub fn read(stored: MailStored, raw: &[u8]) -> Result<InboundMail, Unreadable> {
    let message = MessageParser::default().parse(raw).ok_or(Unreadable::Wrong("mail"))?;
    let head = Head::of(&message).ok_or(Unreadable::Wrong("From"))?;
    let words = Words::of(&text(&message));
    let mut verdicts = stored.verdicts;
    if !head.is_of_one && verdicts.dmarc == Verdict::Pass {
        verdicts.dmarc = Verdict::Unknown;
    }
    Ok(InboundMail {
        provider: stored.provider,
        provider_id: stored.provider_id,
        recipients: stored.recipients,
        // Notices of mail servers have no sender to answer to (RFC 5321 §4.5.5).
        automatic: head.automatic || stored.envelope_from.is_none(),
        envelope_from: stored.envelope_from,
        from: head.from,
        from_name: head.from_name,
        subject: Masked::new(line(message.subject().unwrap_or_default())),
        text: words.text,
        said: words.said,
        cut: words.cut,
        message_id: head.message_id,
        answers: head.answers,
        verdicts,
        files: message
            .attachments()
            .take(MOST_FILES)
            .map(|part| MailFile {
                name: Masked::new(line(part.attachment_name().unwrap_or_default())),
                content_type: part.content_type().map_or_else(
                    || "application/octet-stream".to_owned(),
                    |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")),
                ),
                bytes: part.contents().len() as u64,
            })
            .collect(),
        place: stored.place,
        at: stored.at,
    })
}

/// The file at `index` of [`InboundMail::files`], out of the mail; `None` if there is none.
pub fn file(raw: &[u8], index: usize) -> Option<Bytes> {
    let message = MessageParser::default().parse(raw)?;
    message.attachments().nth(index).map(|part| Bytes::copy_from_slice(part.contents()))
}

fn text(message: &Message<'_>) -> String {
    let plain = message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) if !text.trim().is_empty() => Some(text.replace("\r\n", "\n")),
        _ => None,
    });
    let html = || {
        message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(plain::text(html)),
            _ => None,
        })
    };
    plain.or_else(html).unwrap_or_default()
}

/// What it answers, the latest first.
fn answers(message: &Message<'_>) -> Vec<String> {
    let ids = |value: &HeaderValue<'_>| match value {
        HeaderValue::Text(one) => vec![one.to_string()],
        HeaderValue::TextList(all) => all.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let mut all = ids(message.in_reply_to());
    all.extend(ids(message.references()).into_iter().rev());
    let mut kept: Vec<String> = Vec::new();
    for id in all {
        let id = line(&id);
        if kept.len() < MOST_ANSWERED && !kept.contains(&id) {
            kept.push(id);
        }
    }
    kept
}

/// Whether a machine says that it wrote this (RFC 3834 §5, and what programs did before it).
fn is_automatic(message: &Message<'_>) -> bool {
    let says = |name: &str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    says("Auto-Submitted").is_some_and(|value| !value.starts_with("no") || value.starts_with("not"))
        || says("Precedence")
            .is_some_and(|value| ["bulk", "list", "junk", "auto_reply"].contains(&value.as_str()))
        || ["List-Id", "X-Autoreply", "X-Autorespond", "X-Loop", "X-Failed-Recipients"]
            .iter()
            .any(|name| says(name).is_some())
        || message.content_type().is_some_and(|kind| {
            kind.ctype() == "multipart" && kind.subtype().is_some_and(|sub| sub == "report")
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::{MailPlace, Provider, Verdicts};

    fn stored() -> MailStored {
        MailStored {
            provider: Provider::Ses,
            provider_id: "m1".into(),
            recipients: vec!["reply@in.example.com".parse().unwrap()],
            envelope_from: Some("ana@example.com".parse().unwrap()),
            verdicts: Verdicts::default(),
            place: MailPlace::Bucket { bucket: "mail".into(), key: "in/m1".into() },
            at: None,
        }
    }

    fn mail(head: &str, text: &str) -> String {
        format!(
            "From: \"Ana\" <ana@example.com>\r\nTo: reply@in.example.com\r\nSubject: Hi\r\n{head}\r\n{text}"
        )
    }

    #[test]
    fn a_mail_of_several_parts_is_read_whole() {
        let raw = mail(
            "Message-ID: <m1@example.com>\r\nIn-Reply-To: <b@x>\r\nReferences: <a@x> <b@x>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=q\r\n",
            "--q\r\nContent-Type: multipart/alternative; boundary=r\r\n\r\n\
             --r\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
             S=ED, a las 3\r\n> \u{bf}Nos vemos?\r\n\
             --r\r\nContent-Type: text/html\r\n\r\n<p>S</p>\r\n--r--\r\n\
             --q\r\nContent-Type: application/pdf; name=\"../x.pdf\"\r\nContent-Disposition: attachment\r\n\
             Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--q--\r\n",
        );
        let read = read(stored(), raw.as_bytes()).unwrap();
        assert_eq!(read.said.reveal(), "Sí, a las 3");
        assert_eq!((read.from.as_str(), read.from_name.reveal().as_str()), ("ana@example.com", "Ana"));
        assert_eq!(read.answers, ["b@x", "a@x"]);
        assert_eq!(read.files.len(), 1);
        assert_eq!((read.files[0].content_type.as_str(), read.files[0].bytes), ("application/pdf", 4));
        assert_eq!(file(raw.as_bytes(), 0).unwrap(), &b"%PDF"[..]);
        assert_eq!(file(raw.as_bytes(), 1), None);
        assert!(!read.automatic);
        assert!(!format!("{read:?}").contains("Sí"));
    }

    #[test]
    fn a_mail_of_html_alone_is_read_as_text() {
        let raw = mail("Content-Type: text/html; charset=utf-8\r\n", "<p>Yes &amp; <b>thanks</b></p>");
        assert_eq!(read(stored(), raw.as_bytes()).unwrap().text.reveal(), "Yes & thanks");
    }

    #[rstest]
    #[case("", false)]
    #[case("Auto-Submitted: no\r\n", false)]
    #[case("Auto-Submitted: auto-replied\r\n", true)]
    #[case("auto-submitted: auto-generated (vacation)\r\n", true)]
    #[case("Precedence: bulk\r\n", true)]
    #[case("Precedence: first-class\r\n", false)]
    #[case("X-Loop: us\r\n", true)]
    #[case("List-Id: <x.example.com>\r\n", true)]
    #[case("Content-Type: multipart/report; report-type=delivery-status; boundary=q\r\n", true)]
    fn machines_are_told_from_people(#[case] head: &str, #[case] automatic: bool) {
        assert_eq!(read(stored(), mail(head, "x").as_bytes()).unwrap().automatic, automatic);
    }

    #[test]
    fn a_notice_without_a_sender_is_a_machines() {
        let mut stored = stored();
        stored.envelope_from = None;
        assert!(read(stored, mail("", "x").as_bytes()).unwrap().automatic);
    }

    #[rstest]
    #[case("From: ana@example.com\r\n", true)]
    #[case("From: ana@example.com, bo@evil.example\r\n", false)]
    #[case("From: bo@evil.example\r\nFrom: ana@example.com\r\n", false)]
    #[case("From: ana@example.com\r\nFrom: bo@evil.example\r\n", false)]
    #[case("From: ana@example.com\r\nFrom: ana@example.com\r\n", false)]
    #[case("From: Friends: ana@example.com, bo@evil.example;\r\n", false)]
    fn of_several_senders_none_is_proven(#[case] head: &str, #[case] proven: bool) {
        let mut stored = stored();
        stored.verdicts.dmarc = Verdict::Pass;
        let raw = format!("{head}Subject: x\r\n\r\nYes");
        assert_eq!(read(stored, raw.as_bytes()).unwrap().verdicts.is_proven(), proven);
    }

    #[test]
    fn an_endless_mail_is_cut_and_read_in_no_time() {
        for text in ["é".repeat(1_000_000), "&".repeat(2_000_000), "> a\n".repeat(500_000)] {
            for kind in ["plain", "html"] {
                let head = format!(
                    "Content-Type: text/{kind}; charset=utf-8\r\nMessage-ID: <{}@x>\r\n",
                    "m".repeat(5000)
                );
                let read = read(stored(), mail(&head, &text).as_bytes()).unwrap();
                assert!(read.cut && read.text.reveal().len() <= 65_536 && read.said.reveal().len() <= 65_536);
                assert!(read.message_id.is_none_or(|id| id.len() <= 998));
            }
        }
    }

    #[rstest]
    #[case("Subject: x\r\n\r\nHi")]
    #[case("From: nobody\r\n\r\nHi")]
    #[case("From: <>\r\n\r\nHi")]
    #[case("")]
    fn a_mail_of_nobody_cannot_be_read(#[case] raw: &str) {
        assert!(read(stored(), raw.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(head in any::<String>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut raw = mail(&head, "").into_bytes();
            raw.extend(body);
            let _ = read(stored(), &raw);
        }
    }
}
