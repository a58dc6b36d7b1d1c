//! One mail of a mailbox: what it says, its HTML on its own, its files, and the one-click unsubscribe.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

use super::super::{Simulators, fact::Fact, fact::Mail};
use crate::problem::problem;

/// A foreign document: no scripts, nothing loaded, links open elsewhere.
const FENCE: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                     style-src 'unsafe-inline'; img-src data:; base-uri 'self'";

fn absent() -> Response {
    problem(StatusCode::NOT_FOUND, "mail_is_unknown", "there is no such mail in any mailbox")
}

impl Simulators {
    fn mail(&self, id: &str) -> Option<Mail> {
        self.books().state.mailed(id).map(|mailed| mailed.mail.clone())
    }
}

pub(super) async fn show(State(simulators): State<Simulators>, Path(id): Path<String>) -> Response {
    let books = simulators.books();
    let Some(mailed) = books.state.mailed(&id) else { return absent() };
    let mail = &mailed.mail;
    let attachments = mail.attachments.iter().map(|file| {
        let bytes = BASE64_STANDARD.decode(file.content.reveal()).unwrap_or_default();
        // Calendar files are small and readable: the page shows them as they are.
        let text =
            file.content_type.starts_with("text/").then(|| String::from_utf8_lossy(&bytes).into_owned());
        json!({"name": file.name, "content_type": file.content_type, "bytes": bytes.len(), "text": text})
    });
    let headers = mail.headers.iter().map(|(name, value)| json!([name, value.reveal()]));
    let events = mail.script.iter().take(mailed.told).map(|event| event.phrase());
    Json(json!({
        "id": mail.id,
        "at": mailed.at,
        "from": mail.from,
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "has_html": mail.html.is_some(),
        "headers": headers.collect::<Vec<_>>(),
        "attachments": attachments.collect::<Vec<_>>(),
        "events": events.collect::<Vec<_>>(),
        "one_click": one_click(mail).is_some(),
        "unsubscribed": mailed.unsubscribed,
    }))
    .into_response()
}

pub(super) async fn html(State(simulators): State<Simulators>, Path(id): Path<String>) -> Response {
    let Some(mail) = simulators.mail(&id) else { return absent() };
    let Some(html) = mail.html else { return absent() };
    let page = format!("<!doctype html><base target=\"_blank\">{}", html.reveal());
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, FENCE),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, page).into_response()
}

pub(super) async fn attachment(
    State(simulators): State<Simulators>,
    Path((id, index)): Path<(String, usize)>,
) -> Response {
    let Some(mail) = simulators.mail(&id) else { return absent() };
    let Some(file) = mail.attachments.get(index) else { return absent() };
    let name: String =
        file.name.chars().filter(|c| c.is_ascii_graphic() && *c != '"' && *c != '\\').collect();
    let bytes = BASE64_STANDARD.decode(file.content.reveal()).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, bytes).into_response()
}

/// Does what the button of a mailbox does (RFC 8058): a bare POST to the address of the header.
pub(super) async fn unsubscribe(State(simulators): State<Simulators>, Path(id): Path<String>) -> Response {
    let Some(mail) = simulators.mail(&id) else { return absent() };
    let Some(url) = one_click(&mail) else {
        let says = "the mail has no List-Unsubscribe with an http address and List-Unsubscribe-Post";
        return problem(StatusCode::CONFLICT, "mail_has_no_one_click", says);
    };
    let request =
        simulators.0.http.post(url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body("List-Unsubscribe=One-Click").send().await;
    let answer = answer.ok().map(|answer| answer.status().as_u16());
    if let Err(error) = simulators.record(Fact::Unsubscribed { id, answer }) {
        tracing::error!(%error, "the journal of the simulators cannot be written");
    }
    Json(json!({"answer": answer})).into_response()
}

/// The address of the one-click header, if the mail carries both headers.
fn one_click(mail: &Mail) -> Option<String> {
    let header = |wanted: &str| {
        let found = mail.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.reveal().as_str())
    };
    header("list-unsubscribe-post").filter(|post| post.contains("List-Unsubscribe=One-Click"))?;
    let addresses = header("list-unsubscribe")?.split(',').map(|part| part.trim().trim_matches(['<', '>']));
    addresses
        .into_iter()
        .find(|url| url.starts_with("https://") || url.starts_with("http://"))
        .map(str::to_owned)
}
