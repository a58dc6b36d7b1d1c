//! The parts of a mail, checked: everything that can be known to be wrong before a provider is called.

use std::borrow::Cow;

use super::{header, plain, wrap::wrapped};
use crate::{Attachment, ErrorClass, Mail, SendError};

/// Headers of ours: how many, bytes of a name and bytes of a value. The limits are those of SES, the strictest.
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

pub(crate) fn unfit(code: &'static str, says: &'static str) -> SendError {
    SendError::own(ErrorClass::Content, code, says)
}

/// The sender's name, one line of at most 100 characters.
pub(crate) fn from_name(mail: &Mail) -> Result<&str, SendError> {
    if header::breaks_out(&mail.from_name) {
        return Err(unfit("from_name_breaks_out", "the sender's name holds a control character"));
    }
    if mail.from_name.chars().count() > LONGEST_NAME {
        return Err(unfit("from_name_too_long", "the sender's name is longer than 100 characters"));
    }
    Ok(mail.from_name.trim())
}

/// The subject, one line that has something to say.
pub(crate) fn subject(mail: &Mail) -> Result<&str, SendError> {
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
    Ok(subject)
}

/// Plain text and HTML, their lines short enough. A missing plain text is made from the HTML.
pub(crate) fn bodies(mail: &Mail) -> Result<(String, Option<String>), SendError> {
    let html = mail.html.as_ref().map(|html| html.reveal().as_str());
    let text: Cow<'_, str> = match html {
        Some(html) if mail.text.reveal().trim().is_empty() => plain::text(html).into(),
        _ => mail.text.reveal().into(),
    };
    if text.trim().is_empty() && html.is_none_or(|html| html.trim().is_empty()) {
        return Err(unfit("mail_empty", "the mail says nothing"));
    }
    Ok((lines(&text)?, html.map(lines).transpose()?))
}

fn lines(text: &str) -> Result<String, SendError> {
    wrapped(text)
        .ok_or_else(|| unfit("line_too_long", "a line of the mail is longer than 998 bytes and has no blank"))
}

/// Our own header lines, their values in ASCII.
pub(crate) fn headers(mail: &Mail) -> Result<Vec<(&str, String)>, SendError> {
    if mail.headers.len() > MOST_HEADERS {
        return Err(unfit("too_many_headers", "the mail has more than 15 headers of its own"));
    }
    mail.headers
        .iter()
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
            Ok((name.as_str(), value))
        })
        .collect()
}

/// An attachment whose name is one of a file and whose type is a media type. A calendar may name its method
/// (RFC 5546 §1.4): `text/calendar; method=REQUEST`.
pub(crate) fn attachment(file: &Attachment) -> Result<&str, SendError> {
    let name = file.name.reveal();
    if !(1..=255).contains(&name.len()) || header::breaks_out(name) || name.contains(['/', '\\', '"']) {
        return Err(unfit("attachment_name_unfit", "the name of an attachment is not one of a file"));
    }
    let kind = &file.content_type;
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let bare = kind.split_once('/').is_some_and(|(top, sub)| token(top) && token(sub));
    if kind.len() > 78 || !(bare || method(file).is_some()) {
        return Err(unfit("attachment_type_unfit", "the type of an attachment is not a media type"));
    }
    if file.bytes.reveal().is_empty() {
        return Err(unfit("attachment_empty", "an attachment is empty"));
    }
    Ok(name)
}

/// The method of a calendar that asks to be shown as an invitation.
pub(crate) fn method(file: &Attachment) -> Option<&str> {
    let method = file.content_type.strip_prefix("text/calendar; method=")?;
    matches!(method, "REQUEST" | "CANCEL" | "PUBLISH").then_some(method)
}
