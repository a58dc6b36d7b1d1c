//! `POST /sim/phone/{number}/reply`: somebody writes on a phone.

use std::io;

use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing,
};
use kernel::{Masked, Phone};
use serde::Deserialize;
use serde_json::json;

use super::{
    courier,
    rules::{Keyword, Rules},
    status::Status,
};
use crate::{
    problem::problem,
    simulators::{
        Simulators,
        fact::{Fact, Text},
    },
};

/// What is written, and to which of our numbers: the one that wrote last unless told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    text: Masked<String>,
    #[serde(default)]
    to: Option<String>,
}

pub(in crate::simulators) fn routes() -> Router<Simulators> {
    Router::new().route("/phone/{number}/reply", routing::post(reply))
}

async fn reply(
    State(simulators): State<Simulators>,
    Path(number): Path<String>,
    body: Result<Json<Reply>, JsonRejection>,
) -> Response {
    let Json(reply) = match body {
        Ok(reply) => reply,
        Err(rejection) => return problem(rejection.status(), "body_is_unreadable", &rejection.body_text()),
    };
    let Ok(phone) = number.parse::<Phone>() else {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "phone_is_invalid", &kernel::NotAPhone.to_string());
    };
    let length = reply.text.reveal().chars().count();
    if reply.text.reveal().trim().is_empty() || length > 1_600 {
        return problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "text_is_invalid",
            "a text has 1 to 1600 characters",
        );
    }
    match write_down(&simulators, phone, reply) {
        Ok(Some(sid)) => {
            tokio::spawn(courier::pass_on(simulators, sid.clone()));
            (StatusCode::ACCEPTED, Json(json!({"sid": sid}))).into_response()
        }
        Ok(None) => {
            let says = "nobody wrote to this phone yet: say in `to` which number the text goes to";
            problem(StatusCode::CONFLICT, "nothing_to_reply_to", says)
        }
        Err(error) => {
            tracing::error!(%error, "the journal of the simulators cannot be written");
            problem(StatusCode::SERVICE_UNAVAILABLE, "journal_is_away", "the reply is not written down")
        }
    }
}

fn write_down(simulators: &Simulators, phone: Phone, reply: Reply) -> io::Result<Option<String>> {
    let mut books = simulators.books();
    let last = books.state.last_ours(&phone);
    let (ours, service) = match (reply.to, last) {
        (Some(to), last) => {
            let service = last.filter(|text| text.ours == to).and_then(|text| text.service.clone());
            (to, service)
        }
        (None, Some(text)) => (text.ours.clone(), text.service.clone()),
        (None, None) => return Ok(None),
    };
    let rules = Rules::get();
    let keyword = rules.keyword(reply.text.reveal());
    let blocked = books.state.blocked.contains(&(phone.clone(), ours.clone()));
    let sid = format!("SM{}", simulators.hex(16));
    let text = Text {
        sid: sid.clone(),
        phone: phone.clone(),
        ours: ours.clone(),
        body: reply.text,
        service,
        callback: None,
        reference: None,
        first: Status::Received,
        script: Vec::new(),
    };
    books.record(Fact::ReplyWritten(text))?;
    // The network acts on its words by itself and says so on the phone; nothing of that passes our API.
    let note = match keyword {
        Some(Keyword::OptOut) if !blocked => {
            books.record(Fact::OptedOut { phone: phone.clone(), ours: ours.clone() })?;
            &rules.notes.opt_out
        }
        Some(Keyword::OptIn) if blocked => {
            books.record(Fact::OptedIn { phone: phone.clone(), ours: ours.clone() })?;
            &rules.notes.opt_in
        }
        Some(Keyword::Help) => &rules.notes.help,
        _ => return Ok(Some(sid)),
    };
    books.record(Fact::NetworkNote { phone, ours, body: note.clone() })?;
    Ok(Some(sid))
}
