//! `GET /sim/log`: every send that was accepted, in order; what "never twice" is checked against.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use kernel::Timestamp;
use serde::Serialize;

use super::super::{Simulators, state::Way};

/// All accepted sends, and the references that occur more than once.
#[derive(Serialize)]
pub(super) struct Log {
    sends: Vec<Sent>,
    repeated: Vec<String>,
}

#[derive(Serialize)]
struct Sent {
    /// The place among all facts: never repeated, never reused.
    n: u64,
    at: Timestamp,
    channel: &'static str,
    provider_id: String,
    /// Our message, from the callback address or the tags.
    reference: Option<String>,
    to: String,
    status: String,
}

pub(super) async fn log(State(simulators): State<Simulators>) -> Json<Log> {
    let books = simulators.books();
    let texts = books.state.bubbles.iter().filter(|bubble| bubble.way == Way::Out).map(|bubble| Sent {
        n: bubble.n,
        at: bubble.at,
        channel: "SMS",
        provider_id: bubble.text.sid.clone(),
        reference: bubble.text.reference.clone(),
        to: bubble.text.phone.as_str().to_owned(),
        status: bubble.status.name().to_owned(),
    });
    let mails = books.state.mails.iter().map(|mailed| Sent {
        n: mailed.n,
        at: mailed.at,
        channel: "EMAIL",
        provider_id: mailed.mail.id.clone(),
        reference: mailed.mail.reference.clone(),
        to: mailed.mail.to.first().map_or(String::new(), |to| to.reveal().clone()),
        status: mailed
            .told
            .checked_sub(1)
            .and_then(|step| mailed.mail.script.get(step))
            .map_or("accepted", |event| event.phrase())
            .to_owned(),
    });
    let mut sends: Vec<Sent> = texts.chain(mails).collect();
    sends.sort_by_key(|sent| sent.n);
    let mut counts = BTreeMap::<&str, u32>::new();
    for reference in sends.iter().filter_map(|sent| sent.reference.as_deref()) {
        *counts.entry(reference).or_default() += 1;
    }
    let repeated = counts.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id.to_owned()).collect();
    Json(Log { sends, repeated })
}
