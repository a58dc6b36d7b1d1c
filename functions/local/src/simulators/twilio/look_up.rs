//! `GET Messages.json` and `GET Messages/{sid}.json`: what became of texts.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use jiff::{civil::Date, tz::TimeZone};
use serde_json::json;

use super::answer::{self, Refusal};
use crate::simulators::{
    Simulators,
    state::{Bubble, Way},
};

/// What a list may be narrowed by. The order signs are part of the names: `DateSent>=2026-11-22` arrives as the
/// name `DateSent>` with its value.
#[derive(Default)]
struct Filter {
    to: Option<String>,
    from: Option<String>,
    on: Option<Date>,
    since: Option<Date>,
    until: Option<Date>,
    size: usize,
    page: usize,
}

impl Filter {
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut filter = Self { size: 50, ..Self::default() };
        let day = |value: &str| value.parse().map(Some).map_err(|_| Refusal(20001));
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "To" => filter.to = Some(value.into_owned()),
                "From" => filter.from = Some(value.into_owned()),
                "DateSent" => filter.on = day(&value)?,
                "DateSent>" => filter.since = day(&value)?,
                "DateSent<" => filter.until = day(&value)?,
                "PageSize" => filter.size = value.parse().map_err(|_| Refusal(20001))?,
                "Page" => filter.page = value.parse().map_err(|_| Refusal(20001))?,
                _ => {}
            }
        }
        filter.size = filter.size.clamp(1, 1_000);
        Ok(filter)
    }

    fn takes(&self, bubble: &Bubble) -> bool {
        let (phone, ours) = (bubble.text.phone.as_str(), bubble.text.ours.as_str());
        let (from, to) = match bubble.way {
            Way::Out => (ours, phone),
            Way::In => (phone, ours),
            Way::Network => return false,
        };
        // Twilio reads the days in UTC.
        let day = bubble.at.to_zoned(TimeZone::UTC).date();
        self.to.as_deref().is_none_or(|wanted| wanted == to)
            && self.from.as_deref().is_none_or(|wanted| wanted == from)
            && self.on.is_none_or(|on| day == on)
            && self.since.is_none_or(|since| day >= since)
            && self.until.is_none_or(|until| day <= until)
    }
}

pub(super) async fn list(
    State(simulators): State<Simulators>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let filter =
        match super::admit(&simulators.0.settings, &account, &headers).and_then(|()| Filter::read(&query)) {
            Ok(filter) => filter,
            Err(refusal) => return refusal.into_response(),
        };
    let books = simulators.books();
    let found = books.state.bubbles.iter().rev().filter(|bubble| filter.takes(bubble));
    let mut rows: Vec<_> = found.skip(filter.page * filter.size).take(filter.size + 1).collect();
    let more = rows.len() > filter.size;
    rows.truncate(filter.size);
    let start = filter.page * filter.size;
    let uri = |page: usize| {
        let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "Page");
        let kept: Vec<_> = kept.chain([("Page".into(), page.to_string().into())]).collect();
        let query = serde_urlencoded::to_string(kept).unwrap_or_default();
        format!("/2010-04-01/Accounts/{account}/Messages.json?{query}")
    };
    Json(json!({
        "messages": rows.iter().map(|bubble| answer::message(&account, bubble)).collect::<Vec<_>>(),
        "page": filter.page,
        "page_size": filter.size,
        "start": start,
        "end": (start + rows.len()).saturating_sub(1),
        "uri": uri(filter.page),
        "first_page_uri": uri(0),
        "next_page_uri": more.then(|| uri(filter.page + 1)),
        "previous_page_uri": filter.page.checked_sub(1).map(uri),
    }))
    .into_response()
}

pub(super) async fn one(
    State(simulators): State<Simulators>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = super::admit(&simulators.0.settings, &account, &headers) {
        return refusal.into_response();
    }
    let books = simulators.books();
    let bubble = file.strip_suffix(".json").and_then(|sid| books.state.bubble(sid));
    match bubble.filter(|bubble| bubble.way != Way::Network) {
        Some(bubble) => Json(answer::message(&account, bubble)).into_response(),
        None => Refusal(20404).into_response(),
    }
}
