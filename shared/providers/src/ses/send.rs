//! The call that sends a mail.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, header as names};
use serde_json::{Map, Value, json};

use super::{Ses, header, plain, wrap::wrapped};
use crate::{Address, Attachment, Auth, Content, ErrorClass, Mail, Outgoing, Prepared, SendError};

/// Bytes that a mail may have, attachments in base64 included. Above 10 MB SES slows down.
pub const LARGEST: usize = 40_000_000;
/// Headers of ours, as SES takes them: how many, bytes of a name and bytes of a value.
const MOST_HEADERS: usize = 15;
const LONGEST_HEADER_NAME: usize = 126;
const LONGEST_HEADER_VALUE: usize = 995;
const LONGEST_NAME: usize = 100;
/// What the provider writes itself, or what would send the mail elsewhere.
const RESERVED: [&str; 13] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "reply-to",
    "sender",
    "return-path",
    "date",
    "message-id",
    "mime-version",
    "received",
    "dkim-signature",
];

pub(super) fn request(ses: &Ses, outgoing: &Outgoing) -> Result<Prepared, SendError> {
    let (Address::Email(to), Content::Mail(mail)) = (&outgoing.to, &outgoing.content) else {
        return Err(SendError::wrong_channel());
    };
    let mut request = json!({
        "FromEmailAddress": from(mail)?,
        "Destination": { "ToAddresses": [to.as_str()] },
    });
    if let Some(reply_to) = &mail.reply_to {
        request["ReplyToAddresses"] = json!([reply_to.as_str()]);
    }
    request["Content"] = json!({ "Simple": content(mail)? });
    // Tags come back in events and stand in logs: opaque ids only.
    request["EmailTags"] = json!([
        { "Name": "clinic", "Value": outgoing.clinic.to_string() },
        { "Name": "message", "Value": outgoing.message.to_string() },
        { "Name": "attempt", "Value": outgoing.attempt.to_string() },
    ]);
    request["ConfigurationSetName"] = ses.configuration_set.as_str().into();
    if !mail.tracked {
        request["ConfigurationOverrides"] = json!({
            "Tracking": { "OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED" },
        });
    }

    let body = request.to_string();
    if body.len() > LARGEST {
        return Err(unfit("mail_too_large", "the mail is larger than 40 MB"));
    }
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/v2/email/outbound-emails", ses.base_url.trim_end_matches('/')))
        .header(names::ACCEPT, "application/json")
        .header(names::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))
        .map_err(|_| {
            SendError::own(
                ErrorClass::Config,
                "settings_unusable",
                "the base address of the provider's settings makes no address",
            )
        })?;
    Ok(Prepared { request, auth: Auth::Aws { service: "ses" } })
}

fn unfit(code: &'static str, says: &'static str) -> SendError {
    SendError::own(ErrorClass::Content, code, says)
}

fn from(mail: &Mail) -> Result<String, SendError> {
    if header::breaks_out(&mail.from_name) {
        return Err(unfit("from_name_breaks_out", "the sender's name holds a control character"));
    }
    if mail.from_name.chars().count() > LONGEST_NAME {
        return Err(unfit("from_name_too_long", "the sender's name is longer than 100 characters"));
    }
    Ok(header::mailbox(&mail.from_name, mail.from.as_str()))
}

fn content(mail: &Mail) -> Result<Value, SendError> {
    let subject = mail.subject.reveal();
    if header::breaks_out(subject) {
        return Err(unfit("subject_breaks_out", "the subject holds an end of line or a control character"));
    }
    if subject.trim().is_empty() {
        return Err(unfit("subject_empty", "the mail has no subject"));
    }
    // The provider may write it as encoded words, a third longer.
    if subject.len() > LONGEST_HEADER_VALUE * 3 / 4 {
        return Err(unfit("subject_too_long", "the subject is longer than a header line may be"));
    }

    let html = mail.html.as_ref().map(|html| html.reveal().as_str());
    let made;
    let text = match html {
        Some(html) if mail.text.reveal().trim().is_empty() => {
            made = plain::text(html);
            &made
        }
        _ => mail.text.reveal(),
    };
    if text.trim().is_empty() && html.is_none_or(|html| html.trim().is_empty()) {
        return Err(unfit("mail_empty", "the mail says nothing"));
    }
    let mut body = Map::new();
    body.insert("Text".into(), part(text)?);
    if let Some(html) = html {
        body.insert("Html".into(), part(html)?);
    }
    let mut simple = json!({
        "Subject": { "Data": subject, "Charset": "UTF-8" },
        "Body": body,
    });
    if !mail.headers.is_empty() {
        simple["Headers"] = headers(&mail.headers)?;
    }
    if !mail.attachments.is_empty() {
        simple["Attachments"] = mail.attachments.iter().map(attachment).collect::<Result<_, _>>()?;
    }
    Ok(simple)
}

fn part(text: &str) -> Result<Value, SendError> {
    let text = wrapped(text).ok_or_else(|| {
        unfit("line_too_long", "a line of the mail is longer than 998 bytes and has no blank")
    })?;
    Ok(json!({ "Data": text, "Charset": "UTF-8" }))
}

fn headers(all: &[(String, String)]) -> Result<Value, SendError> {
    if all.len() > MOST_HEADERS {
        return Err(unfit("too_many_headers", "the mail has more than 15 headers of its own"));
    }
    all.iter()
        .map(|(name, value)| {
            let fits = (1..=LONGEST_HEADER_NAME).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
            if !fits {
                return Err(unfit("header_name_unfit", "the name of a header is none"));
            }
            let folded = name.to_ascii_lowercase();
            if RESERVED.contains(&folded.as_str()) || folded.starts_with("content-") {
                return Err(unfit("header_reserved", "a header is one that the provider writes"));
            }
            if header::breaks_out(value) {
                return Err(unfit(
                    "header_breaks_out",
                    "a header holds an end of line or a control character",
                ));
            }
            let value = header::encoded(value);
            if value.is_empty() || value.len() > LONGEST_HEADER_VALUE {
                return Err(unfit("header_value_unfit", "a header is empty or longer than 995 bytes"));
            }
            Ok(json!({ "Name": name, "Value": value }))
        })
        .collect()
}

fn attachment(file: &Attachment) -> Result<Value, SendError> {
    let name = file.name.reveal();
    if !(1..=255).contains(&name.len()) || header::breaks_out(name) || name.contains(['/', '\\', '"']) {
        return Err(unfit("attachment_name_unfit", "the name of an attachment is not one of a file"));
    }
    let kind = &file.content_type;
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    if kind.len() > 78 || !kind.split_once('/').is_some_and(|(top, sub)| token(top) && token(sub)) {
        return Err(unfit("attachment_type_unfit", "the type of an attachment is not a media type"));
    }
    if file.bytes.reveal().is_empty() {
        return Err(unfit("attachment_empty", "an attachment is empty"));
    }
    Ok(json!({
        "RawContent": STANDARD.encode(file.bytes.reveal()),
        "FileName": name,
        "ContentType": kind,
        "ContentDisposition": "ATTACHMENT",
        "ContentTransferEncoding": "BASE64",
    }))
}

#[cfg(test)]
mod tests;
