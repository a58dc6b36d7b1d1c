//! Mail that Inbound Parse brings: <https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook>.
//! Either the whole mail stands in `email` (the setting "send raw"), or its parts stand in fields of their own.

use bytes::Bytes;
use kernel::{EmailAddress, Masked};
use mail_parser::decoders::charsets::map::charset_decoder;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::form::{self, Part};
use crate::{
    InboundMail, MailFile, MailPlace, MailStored, Provider, Unreadable, Verdict, Verdicts,
    mail::{
        self,
        read::{Head, MOST_FILES, Words, line},
    },
};

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    from: String,
}

pub(super) fn read(boundary: &str, body: &[u8]) -> Result<InboundMail, Unreadable> {
    let parts = form::parts(boundary, body).ok_or(Unreadable::Wrong("form"))?;
    let fields = Fields(&parts);
    let envelope: Envelope =
        serde_json::from_str(&fields.text("envelope").ok_or(Unreadable::Absent("envelope"))?)
            .map_err(|_| Unreadable::Wrong("envelope"))?;
    let recipients: Vec<EmailAddress> = envelope.to.iter().filter_map(|to| to.parse().ok()).collect();
    if recipients.is_empty() {
        return Err(Unreadable::Wrong("envelope"));
    }
    let raw = fields.bytes("email");
    let headers = fields.bytes("headers");
    // The same mail told again comes under another boundary; what is inside stays.
    let own = raw.or(headers).ok_or(Unreadable::Absent("headers"))?;
    let mut stored = MailStored {
        provider: Provider::Sendgrid,
        provider_id: hex::encode(&Sha256::digest(own)[..16]),
        recipients,
        envelope_from: envelope.from.parse().ok(),
        verdicts: Verdicts {
            spf: fields.text("SPF").map_or(Verdict::Unknown, |word| verdict(&word)),
            ..Verdicts::default()
        },
        place: MailPlace::Call,
        at: None,
    };
    if let Some(raw) = raw {
        let mut mail = mail::read(stored, raw)?;
        if Head::read_whole(raw).is_some_and(|head| head.is_of_one) {
            prove(&mut mail.verdicts, &mail.from, fields.text("dkim").as_deref());
        }
        return Ok(mail);
    }
    let head = Head::read(headers.unwrap_or_default()).ok_or(Unreadable::Wrong("headers"))?;
    if head.is_of_one {
        prove(&mut stored.verdicts, &head.from, fields.text("dkim").as_deref());
    }
    let text = fields
        .text("text")
        .filter(|text| !text.trim().is_empty())
        .unwrap_or_else(|| fields.text("html").map(|html| mail::plain::text(&html)).unwrap_or_default());
    let words = Words::of(&text);
    let files = files(&parts)
        .take(MOST_FILES)
        .map(|part| MailFile {
            name: Masked::new(line(part.file_name.as_deref().unwrap_or_default())),
            content_type: part.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
            bytes: part.bytes.len() as u64,
        })
        .collect();
    Ok(InboundMail {
        provider: stored.provider,
        provider_id: stored.provider_id,
        recipients: stored.recipients,
        automatic: head.automatic || stored.envelope_from.is_none(),
        envelope_from: stored.envelope_from,
        from: head.from,
        from_name: head.from_name,
        subject: Masked::new(line(&fields.text("subject").unwrap_or_default())),
        text: words.text,
        said: words.said,
        cut: words.cut,
        message_id: head.message_id,
        answers: head.answers,
        verdicts: stored.verdicts,
        files,
        place: stored.place,
        at: stored.at,
    })
}

/// The file at `index` of [`InboundMail::files`], out of the body of the call that brought the mail; `None` if
/// there is none.
pub fn file(body: &[u8], index: usize) -> Option<Bytes> {
    let parts = form::parts(form::boundary(body)?, body)?;
    match Fields(&parts).bytes("email") {
        Some(raw) => mail::file(raw, index),
        None => files(&parts).nth(index).map(|part| Bytes::copy_from_slice(part.bytes)),
    }
}

fn files<'a>(parts: &'a [Part<'a>]) -> impl Iterator<Item = &'a Part<'a>> {
    parts.iter().filter(|part| {
        part.name.strip_prefix("attachment").is_some_and(|number| number.parse::<u16>().is_ok())
    })
}

struct Fields<'a>(&'a [Part<'a>]);

impl<'a> Fields<'a> {
    fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        self.0.iter().find(|part| part.name == name).map(|part| part.bytes)
    }

    /// A field's text. Texts come in the mail's own encodings, which `charsets` names.
    fn text(&self, name: &str) -> Option<String> {
        let bytes = self.bytes(name)?;
        let charsets = self.bytes("charsets").and_then(|json| serde_json::from_slice::<Value>(json).ok());
        let charset = charsets.as_ref().and_then(|all| all[name].as_str()).unwrap_or("utf-8");
        let text = match charset_decoder(charset.as_bytes()) {
            Some(decode) if !charset.eq_ignore_ascii_case("utf-8") => decode(bytes),
            _ => String::from_utf8_lossy(bytes).into_owned(),
        };
        Some(text)
    }
}

fn verdict(word: &str) -> Verdict {
    match word.trim().to_ascii_lowercase().as_str() {
        "pass" => Verdict::Pass,
        "fail" => Verdict::Fail,
        _ => Verdict::Unknown,
    }
}

/// What the signatures prove. The provider names domains and whether their signature holds, `{@example.com :
/// pass}`; the visible sender is proven if it is of such a domain or below it (relaxed alignment, RFC 7489
/// §3.1.1, the organisation's domain being the one that signed).
fn prove(verdicts: &mut Verdicts, from: &EmailAddress, dkim: Option<&str>) {
    let inner = dkim.unwrap_or_default().trim().trim_start_matches('{').trim_end_matches('}');
    for one in inner.split(',') {
        let Some((domain, word)) = one.rsplit_once(':') else { continue };
        let domain = domain.trim().trim_matches('"').trim_start_matches('@').to_ascii_lowercase();
        let word = verdict(word.trim().trim_matches('"'));
        if verdicts.dkim != Verdict::Pass {
            verdicts.dkim = word;
        }
        let of_sender = from.domain() == domain || from.domain().ends_with(&format!(".{domain}"));
        if word == Verdict::Pass && of_sender && domain.contains('.') {
            verdicts.dmarc = Verdict::Pass;
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HEADERS: &str = "Received: by mx.example.net\r\nFrom: Ana D\u{ed}az <ana@example.com>\r\n\
        To: reply@in.example.com\r\nSubject: Re: Your visit\r\nMessage-ID: <m1@example.com>\r\n\
        In-Reply-To: <ours@example.com>\r\nReferences: <first@example.com> <ours@example.com>\r\n";

    fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend_from_slice(
                format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        body
    }

    fn fields<'a>() -> Vec<(&'a str, &'a [u8])> {
        vec![
            ("headers", HEADERS.as_bytes()),
            ("dkim", b"{@example.com : pass}"),
            ("SPF", b"pass"),
            ("envelope", br#"{"to":["reply@in.example.com"],"from":"ana@example.com"}"#),
            ("subject", b"Re: Your visit"),
            ("text", b"Can we do 3pm?\n\nOn Mon, Bright Smiles wrote:\n> See you\n"),
        ]
    }

    #[test]
    fn a_mail_is_read_from_its_fields() {
        let mail = read("b", &form(&fields())).unwrap();
        assert_eq!((mail.from.as_str(), mail.from_name.reveal().as_str()), ("ana@example.com", "Ana Díaz"));
        assert_eq!(mail.said.reveal(), "Can we do 3pm?");
        assert_eq!(mail.message_id.as_deref(), Some("m1@example.com"));
        assert_eq!(mail.answers, ["ours@example.com", "first@example.com"]);
        assert!(mail.verdicts.is_proven() && !mail.automatic);
        assert_eq!(mail.recipients[0].as_str(), "reply@in.example.com");
        assert_eq!(mail.place, MailPlace::Call);
    }

    #[test]
    fn the_same_mail_under_another_boundary_is_the_same() {
        let body = form(&fields());
        let other = String::from_utf8(body.clone()).unwrap().replace("--b", "--another");
        assert_eq!(read("b", &body).unwrap(), read("another", other.as_bytes()).unwrap());
    }

    #[test]
    fn a_raw_mail_is_read_as_it_is_and_gives_its_files() {
        let raw = format!(
            "{HEADERS}Content-Type: multipart/mixed; boundary=\"q\"\r\n\r\n--q\r\nContent-Type: text/plain\r\n\r\n\
             Hi\r\n--q\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=\"a.png\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--q--\r\n"
        );
        let mut fields = fields();
        fields.retain(|(name, _)| !matches!(*name, "headers" | "text" | "subject"));
        fields.push(("email", raw.as_bytes()));
        let body = form(&fields);
        let mail = read("b", &body).unwrap();
        assert_eq!(mail.said.reveal(), "Hi");
        assert_eq!((mail.files[0].content_type.as_str(), mail.files[0].bytes), ("image/png", 4));
        assert_eq!(file(&body, 0).unwrap(), &b"\x89PNG"[..]);
        assert_eq!(file(&body, 1), None);
        assert!(mail.verdicts.is_proven());
    }

    #[test]
    fn files_beside_fields_are_given_too() {
        let mut body = form(&fields());
        body.truncate(body.len() - 7);
        body.extend_from_slice(
            b"--b\r\nContent-Disposition: form-data; name=\"attachment1\"; filename=\"x.png\"\r\n\
              Content-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\n",
        );
        let mail = read("b", &body).unwrap();
        assert_eq!((mail.files[0].name.reveal().as_str(), mail.files[0].bytes), ("x.png", 4));
        assert_eq!(file(&body, 0).unwrap(), &b"\x89PNG"[..]);
    }

    #[test]
    fn texts_come_in_their_own_encodings() {
        let mut fields = fields();
        fields.retain(|(name, _)| *name != "text");
        fields.push(("text", b"S\xed, gracias"));
        fields.push(("charsets", br#"{"text":"iso-8859-1","subject":"UTF-8"}"#));
        assert_eq!(read("b", &form(&fields)).unwrap().text.reveal(), "Sí, gracias");
    }

    #[test]
    fn a_mail_without_text_is_read_from_its_html() {
        let mut fields = fields();
        fields.retain(|(name, _)| *name != "text");
        fields.push(("html", b"<p>See you</p>"));
        assert_eq!(read("b", &form(&fields)).unwrap().text.reveal(), "See you");
    }

    #[rstest]
    #[case("{@example.com : pass}", true)]
    #[case("{@other.example : fail, @example.com : pass}", true)]
    #[case(r#"{"@example.com": "pass"}"#, true)]
    #[case("{@other.example : pass}", false)]
    #[case("{@ample.com : pass}", false)]
    #[case("{@com : pass}", false)]
    #[case("{@example.com : fail}", false)]
    #[case("none", false)]
    #[case("", false)]
    fn only_a_signature_of_its_own_domain_proves_the_sender(#[case] dkim: &str, #[case] proven: bool) {
        let mut fields = fields();
        fields.retain(|(name, _)| *name != "dkim");
        fields.push(("dkim", dkim.as_bytes()));
        assert_eq!(read("b", &form(&fields)).unwrap().verdicts.is_proven(), proven);
    }

    #[test]
    fn of_two_senders_none_is_proven() {
        let two = format!("From: bo@other.example\r\n{HEADERS}");
        let mut fields = fields();
        fields.retain(|(name, _)| *name != "headers");
        fields.push(("headers", two.as_bytes()));
        assert!(!read("b", &form(&fields)).unwrap().verdicts.is_proven());
        let raw = format!("{two}\r\nHi");
        fields.retain(|(name, _)| *name != "headers");
        fields.push(("email", raw.as_bytes()));
        assert!(!read("b", &form(&fields)).unwrap().verdicts.is_proven());
    }

    #[rstest]
    #[case("envelope", None, Unreadable::Absent("envelope"))]
    #[case("envelope", Some("{"), Unreadable::Wrong("envelope"))]
    #[case("envelope", Some(r#"{"to":["nobody"]}"#), Unreadable::Wrong("envelope"))]
    #[case("headers", None, Unreadable::Absent("headers"))]
    #[case("headers", Some("Subject: x\r\n"), Unreadable::Wrong("headers"))]
    fn what_is_missing_is_named(#[case] name: &str, #[case] value: Option<&str>, #[case] why: Unreadable) {
        let mut fields = fields();
        fields.retain(|(known, _)| *known != name);
        fields.extend(value.map(|value| (name, value.as_bytes())));
        assert_eq!(read("b", &form(&fields)).map(|_| ()), Err(why));
        assert_eq!(read("b", b"--b\r\n").map(|_| ()), Err(Unreadable::Wrong("form")));
    }
}
