//! Creates that are done once, however often they are sent: `Idempotency-Key`.
//!
//! The door does it for every operation whose documentation lists the header. It writes down that the request is
//! under way, lets the handler run and keeps the answer for a day. The handler takes its ids from
//! [`Idempotency`]: if it runs again because the process died in between, it makes the same things again and
//! finds that they are there.

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use jiff::SignedDuration;
use kernel::{CallerId, Clock, Detail, Id, Kind, RequestId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use table::{ClinicTable, Digest, Entity, Kept, WriteFault, keys::CreateKey};
use utoipa::IntoParams;

use crate::{Problem, body::too_large};

/// The header.
pub(crate) const HEADER: &str = "idempotency-key";
/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long a request may be under way before another may take over: longer than any function may run.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);
/// More than the gateway takes; handlers have their own, smaller limit.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// An item holds 400 KB.
const MOST_ANSWER_BYTES: usize = 300 * 1024;
/// Headers of an answer that are kept with it.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// For the documentation of operations that take the header, which is what makes them take it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header")]
pub struct IdempotencyHeader {
    /// Up to 200 visible ASCII characters that name this create. Sent again within a day, it gives the first
    /// answer; with another body it is a conflict.
    #[param(
        rename = "Idempotency-Key",
        pattern = "^[!-~]{1,200}$",
        example = "8f14e45f-ceea-4e7b-9d1c-1f0a7d3b2c55"
    )]
    idempotency_key: Option<String>,
}

/// Where a create takes its ids from: the same for every run of the same request.
#[derive(Debug, Clone)]
pub struct Idempotency {
    seed: RequestId,
    at: Timestamp,
    again: bool,
}

impl Idempotency {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { seed: clock.id(), at: clock.now(), again: false }
    }

    /// The id of one of the things this request makes; `what` tells them apart. Ordered by time like any other.
    pub fn id<I: Id>(&self, what: &str) -> I {
        let mut sha = Sha256::new();
        sha.update(self.seed.to_string());
        sha.update(I::PREFIX);
        sha.update(what);
        let hash: [u8; 32] = sha.finalize().into();
        let mut random = [0; 10];
        random.copy_from_slice(&hash[..10]);
        let ms = u64::try_from(self.at.as_millisecond()).unwrap_or(0);
        I::from_uuid(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
    }

    /// Whether this request has begun before and did not come to its end: what it makes may be there already.
    pub fn is_again(&self) -> bool {
        self.again
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!(
                "an operation wants ids that are the same each time but was reached without the door"
            );
            Problem::new(Kind::Broken, "internal", "something is wrong on our side")
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Create {
    key: Digest,
    /// What was asked: route and body.
    call: String,
    seed: RequestId,
    at: Timestamp,
    /// Whether an earlier run began and did not come to its end.
    again: bool,
    state: State,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    UnderWay { until: Timestamp },
    Answered { status: u16, headers: Vec<(String, String)>, body: String },
}

impl Create {
    fn forgotten(&self, now: Timestamp) -> bool {
        self.at.saturating_add(KEPT).is_ok_and(|end| end <= now)
    }
}

impl Entity for Create {
    type Key = CreateKey;
    fn key(&self) -> CreateKey {
        CreateKey { key: self.key }
    }
    fn expires(&self) -> Option<Timestamp> {
        self.at.saturating_add(KEPT).ok()
    }
}

fn key_of(request: &Request) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get(HEADER) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(Some(text.to_owned()));
    }
    Err(Problem::new(Kind::Invalid, "idempotency_key_invalid", "the idempotency key cannot be used")
        .at([Detail::new("Idempotency-Key", "must be 1 to 200 visible ASCII characters")]))
}

fn call_of(request: &Request, body: &[u8]) -> String {
    let mut sha = Sha256::new();
    let uri = request.uri();
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    for part in [request.method().as_str().as_bytes(), target.as_bytes(), body] {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    hex::encode(sha.finalize())
}

/// Lets the request through once. Keys of one caller mean nothing to another, nor to another clinic.
pub(crate) async fn once(
    table: &ClinicTable,
    caller: Option<CallerId>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let clock = table.clock().clone();
    let Some(key) = key_of(&request)? else {
        request.extensions_mut().insert(Idempotency::new(&clock));
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| too_large())?;
    let request = Request::from_parts(parts, Body::empty());
    let call = call_of(&request, &body);
    let owner = caller.map(|id| id.to_string()).unwrap_or_default();
    let key = Digest::of(&format!("{owner}\n{key}"));
    let begun = match begin(table, key, call).await? {
        Begun::Here(begun) => begun,
        Begun::Answered(response) => return Ok(response),
    };
    let mut request = request.map(|_| Body::from(body));
    request.extensions_mut().insert(Idempotency { seed: begun.seed, at: begun.at, again: begun.rev() > 1 });
    let response = next.run(request).await;
    Ok(end(table, begun, response).await)
}

enum Begun {
    Here(Kept<Create>),
    Answered(Response),
}

async fn begin(table: &ClinicTable, key: Digest, call: String) -> Result<Begun, Problem> {
    let clock = table.clock();
    let now = clock.now();
    let until = now.saturating_add(UNDER_WAY).unwrap_or(Timestamp::MAX);
    let state = State::UnderWay { until };
    let fresh = Create { key, call, seed: clock.id(), at: now, again: false, state };
    let mut write = table.write();
    write.create(&fresh);
    match write.commit().await {
        Ok(()) => Ok(Begun::Here(Kept::first(fresh))),
        Err(fault) if fault.is_conflict() => {
            let Some(found) = table.get::<Create>(&CreateKey { key }).await? else { return Err(busy(1)) };
            let renewed = if found.forgotten(now) {
                fresh
            } else if found.call != fresh.call {
                return Err(Problem::new(
                    Kind::Conflict,
                    "idempotency_key_reused",
                    "the idempotency key was used for another request",
                ));
            } else {
                match &found.state {
                    State::Answered { status, headers, body } => {
                        return Ok(Begun::Answered(answered(*status, headers, body)));
                    }
                    State::UnderWay { until } if *until > now => {
                        let seconds = until.duration_since(now).as_secs() + 1;
                        return Err(busy(u32::try_from(seconds).unwrap_or(1)));
                    }
                    State::UnderWay { .. } => Create { again: true, state: fresh.state, ..(*found).clone() },
                }
            };
            let mut write = table.write();
            write.replace(&found, &renewed);
            match write.commit().await {
                Ok(()) => Ok(Begun::Here(found.followed_by(renewed))),
                Err(fault) if fault.is_conflict() => Err(busy(1)),
                Err(fault) => Err(fault.into()),
            }
        }
        Err(fault) => Err(fault.into()),
    }
}

fn busy(seconds: u32) -> Problem {
    Problem::new(Kind::Conflict, "request_under_way", "the same request is under way").retry_after(seconds)
}

fn answered(status: u16, headers: &[(String, String)], body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

/// Keeps the answer of a create that was done. One that was refused did nothing and may be tried again under
/// the same key; one that broke in between may have done something and is run again with the same ids.
async fn end(table: &ClinicTable, begun: Kept<Create>, response: Response) -> Response {
    let status = response.status();
    let mut write = table.write();
    let response = if status.is_success() {
        let (parts, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, usize::MAX).await else {
            return Problem::new(Kind::Broken, "internal", "something is wrong on our side").into_response();
        };
        let kept = |name: &HeaderName| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        };
        if let (Ok(body), true) = (String::from_utf8(bytes.to_vec()), bytes.len() <= MOST_ANSWER_BYTES) {
            let headers = KEPT_HEADERS.iter().filter_map(kept).collect();
            let state = State::Answered { status: status.as_u16(), headers, body };
            write.replace(&begun, &Create { state, ..(*begun).clone() });
        }
        Response::from_parts(parts, Body::from(bytes))
    } else {
        if status.is_client_error() {
            write.delete(&begun);
        } else {
            let state = State::UnderWay { until: table.clock().now() };
            write.replace(&begun, &Create { state, ..(*begun).clone() });
        }
        response
    };
    if let Err(fault) = write.commit().await {
        let fault: WriteFault = fault;
        tracing::warn!(fault = %fault, "the end of a create could not be written down; it may be run again");
    }
    response
}
