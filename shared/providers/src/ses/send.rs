//! The call that sends a mail.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, header as names};
use serde_json::{Map, Value, json};

use super::{Ses, mime};
use crate::{
    Address, Attachment, Auth, Content, ErrorClass, Mail, Outgoing, Prepared, SendError,
    mail::{header, parts},
};

/// Bytes that a mail may have, attachments in base64 included. Above 10 MB SES slows down.
pub const LARGEST: usize = 40_000_000;

pub(super) fn request(ses: &Ses, outgoing: &Outgoing) -> Result<Prepared, SendError> {
    let (Address::Email(to), Content::Mail(mail)) = (&outgoing.to, &outgoing.content) else {
        return Err(SendError::wrong_channel());
    };
    let mut request = json!({
        "FromEmailAddress": header::mailbox(parts::from_name(mail)?, mail.from.as_str()),
        "Destination": { "ToAddresses": [to.as_str()] },
    });
    if let Some(reply_to) = &mail.reply_to {
        request["ReplyToAddresses"] = json!([reply_to.as_str()]);
    }
    request["Content"] = if mime::is_needed(mail) {
        json!({ "Raw": { "Data": STANDARD.encode(mime::message(outgoing, mail, to)?) } })
    } else {
        json!({ "Simple": simple(mail)? })
    };
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
        return Err(parts::unfit("mail_too_large", "the mail is larger than 40 MB"));
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

fn simple(mail: &Mail) -> Result<Value, SendError> {
    let subject = parts::subject(mail)?;
    let (text, html) = parts::bodies(mail)?;
    let part = |text: String| json!({ "Data": text, "Charset": "UTF-8" });
    let mut body = Map::new();
    body.insert("Text".into(), part(text));
    if let Some(html) = html {
        body.insert("Html".into(), part(html));
    }
    let mut simple = json!({ "Subject": { "Data": subject, "Charset": "UTF-8" }, "Body": body });
    if !mail.headers.is_empty() {
        simple["Headers"] = parts::headers(mail)?
            .into_iter()
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
    }
    if !mail.attachments.is_empty() {
        simple["Attachments"] = mail.attachments.iter().map(attachment).collect::<Result<_, _>>()?;
    }
    Ok(simple)
}

fn attachment(file: &Attachment) -> Result<Value, SendError> {
    let name = parts::attachment(file)?;
    Ok(json!({
        "RawContent": STANDARD.encode(file.bytes.reveal()),
        "FileName": name,
        "ContentType": file.content_type,
        "ContentDisposition": "ATTACHMENT",
        "ContentTransferEncoding": "BASE64",
    }))
}

#[cfg(test)]
mod tests;
