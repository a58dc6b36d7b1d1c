//! `GET /sim/feed`: what changed on phones and in mailboxes since the last look.

use std::collections::VecDeque;

use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::{
    Simulators,
    happening::Happening,
    ses,
    state::{Bubble, Mailed, Way},
    twilio,
};

/// The most rows of one answer.
const MOST: usize = 500;
/// How far the log looks back at first.
const FIRST_LOOK: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// The cursor of the last answer; 0 for everything.
    #[serde(default)]
    after: u64,
}

/// The rows that changed. A row replaces the one of the same id.
#[derive(Serialize)]
pub(super) struct Feed {
    cursor: u64,
    more: bool,
    rows: Vec<Value>,
    log: Vec<Happening>,
}

pub(super) async fn feed(State(simulators): State<Simulators>, Query(since): Query<Since>) -> Json<Feed> {
    let books = simulators.books();
    let state = &books.state;
    if since.after == state.n {
        return Json(Feed { cursor: state.n, more: false, rows: Vec::new(), log: Vec::new() });
    }
    // A cursor from before a fresh start of the journal: begin anew.
    let after = if since.after > state.n { 0 } else { since.after };
    let bubbles = state.bubbles.iter().filter(|b| b.changed > after).map(|b| (b.changed, text_row(b)));
    let mails = state.mails.iter().filter(|m| m.changed > after).map(|m| (m.changed, mail_row(m)));
    let mut rows: Vec<(u64, Value)> = bubbles.chain(mails).collect();
    rows.sort_by_key(|(changed, _)| *changed);
    let more = rows.len() > MOST;
    rows.truncate(MOST);
    let cursor = if more { rows.last().map_or(after, |(changed, _)| *changed) } else { state.n };
    let log = log_rows(&state.happenings, after, cursor);
    Json(Feed { cursor, more, rows: rows.into_iter().map(|(_, row)| row).collect(), log })
}

fn log_rows(happenings: &VecDeque<Happening>, after: u64, cursor: u64) -> Vec<Happening> {
    let fresh = happenings.iter().filter(|happening| happening.n > after && happening.n <= cursor);
    let fresh: Vec<_> = fresh.cloned().collect();
    let skip = fresh.len().saturating_sub(FIRST_LOOK);
    fresh.into_iter().skip(skip).collect()
}

fn text_row(bubble: &Bubble) -> Value {
    let Bubble { n, at, way, text, status, code, .. } = bubble;
    let way = match way {
        Way::Out => "out",
        Way::In => "in",
        Way::Network => "network",
    };
    json!({
        "kind": "text",
        "id": text.sid,
        "n": n,
        "at": at,
        "box": text.phone,
        "ours": text.ours,
        "way": way,
        "body": text.body.reveal(),
        "status": status.name(),
        "code": code,
        "reference": text.reference,
    })
}

fn mail_row(mailed: &Mailed) -> Value {
    let mail = &mailed.mail;
    let last = mailed.told.checked_sub(1).and_then(|step| mail.script.get(step));
    let preview: String =
        mail.text.as_ref().map_or("", |text| text.reveal().as_str()).chars().take(140).collect();
    json!({
        "kind": "mail",
        "id": mail.id,
        "n": mailed.n,
        "at": mailed.at,
        "box": mail.to.first().map(kernel::Masked::reveal),
        "from": mail.from,
        "subject": mail.subject.reveal(),
        "preview": preview,
        "attachments": mail.attachments.len(),
        "status": last.map(|event| event.phrase()),
        "unsubscribed": mailed.unsubscribed,
        "reference": mail.reference,
    })
}

/// Numbers and mailboxes that do something else than deliver.
pub(super) async fn rules() -> Json<Value> {
    Json(json!({"numbers": twilio::Rules::get().endings, "mailboxes": ses::Rules::get().names}))
}
