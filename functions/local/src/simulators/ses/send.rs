//! `POST /v2/email/outbound-emails`: takes a mail for sending.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::Masked;
use serde::Deserialize;
use serde_json::json;

use super::{
    Refusal, mime,
    rules::{self, Behaviour, Rules},
    sink,
};
use crate::simulators::{
    Simulators, answer_lost,
    fact::{Attachment, Fact, Mail, reference},
};

/// The most recipients of one mail.
const MOST_RECIPIENTS: usize = 50;
/// The most extra header fields of a simple mail.
const MOST_HEADERS: usize = 15;
/// The longest line of a raw mail, in octets.
const LONGEST_LINE: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Pair>,
    configuration_set_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Destination {
    #[serde(rename = "ToAddresses")]
    to: Vec<String>,
    #[serde(rename = "CcAddresses")]
    cc: Vec<String>,
    #[serde(rename = "BccAddresses")]
    bcc: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Option<Simple>,
    raw: Option<Raw>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Words,
    body: Body,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    attachments: Vec<Attached>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Words>,
    html: Option<Words>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Words {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attached {
    raw_content: String,
    file_name: String,
    content_type: Option<String>,
}

pub(super) async fn send(State(simulators): State<Simulators>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = signed(&headers) {
        return refusal.into_response();
    }
    let read = serde_json::from_slice::<SendEmail>(&body)
        .map_err(|error| Refusal::bad(format!("the body is not a SendEmail request: {error}")));
    let mail = match read.and_then(|request| compose(request, &simulators)) {
        Ok(mail) => mail,
        Err(refusal) => return refusal.into_response(),
    };
    let behaviour =
        mail.to.iter().map(|to| Rules::get().behaviour(to.reveal())).find(|b| *b != Behaviour::Delivered);
    let behaviour = behaviour.unwrap_or(Behaviour::Delivered);
    let refusal = match behaviour {
        Behaviour::Throttled => {
            Some(Refusal::new("TooManyRequestsException", "Maximum sending rate exceeded."))
        }
        Behaviour::Rejected => Some(Refusal::new("MessageRejected", "Bad content")),
        _ => None,
    };
    let fact = match &refusal {
        Some(refusal) => Fact::TurnedAway {
            channel: "EMAIL".to_owned(),
            to: mail.to.first().cloned().unwrap_or_default(),
            code: refusal.name.to_owned(),
            reference: mail.reference.clone(),
        },
        None => Fact::MailAccepted(Mail { script: rules::script(behaviour), ..mail.clone() }),
    };
    if let Err(error) = simulators.record(fact) {
        tracing::error!(%error, "the journal of the simulators cannot be written");
        return axum::http::StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some(refusal) = refusal {
        return refusal.into_response();
    }
    tokio::spawn(sink::tell(simulators.clone(), mail.id.clone()));
    match behaviour {
        Behaviour::AnswerLost => return answer_lost(),
        Behaviour::Slow => tokio::time::sleep(simulators.0.settings.slow).await,
        _ => {}
    }
    Json(json!({"MessageId": mail.id})).into_response()
}

/// Whether the request carries a signature of version 4 at all; which key made it is not known here.
fn signed(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let parts = ["Credential=", "SignedHeaders=", "Signature="];
    if given.starts_with("AWS4-HMAC-SHA256 ") && parts.iter().all(|part| given.contains(part)) {
        Ok(())
    } else {
        Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"))
    }
}

fn compose(request: SendEmail, simulators: &Simulators) -> Result<Mail, Refusal> {
    let Destination { to, cc, bcc } = request.destination;
    let mut to: Vec<String> = [to, cc, bcc].concat();
    let tag_fits = |text: &str| {
        (1..=256).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.@".contains(&b))
    };
    if let Some(tag) = request.email_tags.iter().find(|tag| !tag_fits(&tag.name) || !tag_fits(&tag.value)) {
        return Err(Refusal::bad(format!("invalid tag {:?}: letters, digits, _ and - only", tag.name)));
    }
    let tags: Vec<_> = request.email_tags.into_iter().map(|tag| (tag.name, tag.value)).collect();
    let mut mail = Mail {
        id: format!("0100{}-{}-000000", simulators.hex(6), simulators.hex(8)),
        from: request.from_email_address.unwrap_or_default(),
        to: Vec::new(),
        subject: Masked::default(),
        text: None,
        html: None,
        headers: Vec::new(),
        attachments: Vec::new(),
        reference: tags.iter().find_map(|(_, value)| reference(value)),
        tags,
        configuration_set: request.configuration_set_name,
        script: Vec::new(),
    };
    match (request.content.simple, request.content.raw) {
        (Some(simple), None) => {
            let reply_to = request.reply_to_addresses.join(", ");
            simple_mail(&mut mail, simple, &to, &reply_to)?;
        }
        (None, Some(raw)) => {
            let written = raw_mail(&mut mail, &raw)?;
            if to.is_empty() {
                to = written;
            }
        }
        _ => {
            return Err(Refusal::bad(
                "Content must hold exactly one of Simple and Raw; templates are not simulated",
            ));
        }
    }
    if mail.from.is_empty() {
        return Err(Refusal::bad("FromEmailAddress is missing"));
    }
    if to.is_empty() || to.len() > MOST_RECIPIENTS {
        return Err(Refusal::bad(format!("a mail has 1 to {MOST_RECIPIENTS} recipients, not {}", to.len())));
    }
    for address in to {
        let bare = bare(&address);
        if bare.parse::<kernel::EmailAddress>().is_err() {
            return Err(Refusal::bad("a recipient is not an address mail can be sent to"));
        }
        mail.to.push(Masked::new(bare.to_owned()));
    }
    Ok(mail)
}

/// The address inside `Name <address>`.
fn bare(address: &str) -> &str {
    match (address.rfind('<'), address.rfind('>')) {
        (Some(open), Some(close)) if open < close => &address[open + 1..close],
        _ => address.trim(),
    }
}

fn simple_mail(mail: &mut Mail, simple: Simple, to: &[String], reply_to: &str) -> Result<(), Refusal> {
    if simple.headers.len() > MOST_HEADERS {
        return Err(Refusal::bad(format!("a mail has at most {MOST_HEADERS} extra headers")));
    }
    let name_fits = |name: &str| {
        (1..=126).contains(&name.len()) && name.bytes().all(|b| (33..127).contains(&b) && b != b':')
    };
    let value_fits =
        |value: &str| (1..=995).contains(&value.len()) && value.bytes().all(|b| (32..127).contains(&b));
    if let Some(pair) = simple.headers.iter().find(|pair| !name_fits(&pair.name) || !value_fits(&pair.value))
    {
        return Err(Refusal::bad(format!("header {:?} is not printable ASCII within its limits", pair.name)));
    }
    if simple.body.text.is_none() && simple.body.html.is_none() {
        return Err(Refusal::bad("Body must hold Text or Html"));
    }
    let own = [("From", mail.from.clone()), ("To", to.join(", ")), ("Reply-To", reply_to.to_owned())];
    let own = own.into_iter().filter(|(_, value)| !value.is_empty());
    let subject = [("Subject", simple.subject.data.clone())];
    let own = own.chain(subject).map(|(name, value)| (name.to_owned(), Masked::new(value)));
    let further = simple.headers.into_iter().map(|pair| (pair.name, Masked::new(pair.value)));
    mail.headers = own.chain(further).collect();
    mail.subject = simple.subject.data.into();
    mail.text = simple.body.text.map(|words| words.data.into());
    mail.html = simple.body.html.map(|words| words.data.into());
    for file in simple.attachments {
        if BASE64_STANDARD.decode(&file.raw_content).is_err() {
            return Err(Refusal::bad(format!("attachment {:?} is not base64", file.file_name)));
        }
        let content_type = file.content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        let content = file.raw_content.into();
        mail.attachments.push(Attachment { name: file.file_name, content_type, content });
    }
    Ok(())
}

/// Fills a mail from MIME; gives the recipients its headers name.
fn raw_mail(mail: &mut Mail, raw: &Raw) -> Result<Vec<String>, Refusal> {
    let bytes = BASE64_STANDARD.decode(&raw.data).map_err(|_| Refusal::bad("Raw.Data is not base64"))?;
    if bytes.split(|byte| *byte == b'\n').any(|line| line.len() > LONGEST_LINE) {
        return Err(Refusal::bad(format!("a line is longer than {LONGEST_LINE} octets")));
    }
    let shown = mime::read(&bytes).ok_or_else(|| Refusal::bad("Raw.Data is not a MIME message"))?;
    if mail.from.is_empty() {
        mail.from = shown.from.unwrap_or_default();
    }
    mail.subject = shown.subject.into();
    mail.text = shown.text.map(Masked::new);
    mail.html = shown.html.map(Masked::new);
    mail.headers = shown.headers;
    mail.attachments = shown.attachments;
    Ok(shown.to)
}
