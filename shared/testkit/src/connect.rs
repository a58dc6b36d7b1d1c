//! The handles of a worker with its fuse in each wire.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{
        AsyncSleep, BehaviorVersion, Region, Sleep, StalledStreamProtectionConfig, retry::RetryPartition,
        timeout::TimeoutConfig,
    },
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use bytes::Bytes;
use embedded::Embedded;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use kernel::RawJob;
use platform::{Auth, Http, HttpFault, PlatformFault, Queue};
use serde_json::Value;

use crate::{Fuse, Sending, fuse::Fares, mistake::Asked};

#[derive(Clone, Debug)]
struct Wire {
    fuse: Fuse,
    embedded: Embedded,
}

const THROTTLED: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"busy"}"#;
const FAILED: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"failed"}"#;

impl Wire {
    fn answer(&self, operation: &str, body: &[u8]) -> (u16, String) {
        match self.fuse.fares() {
            Fares::Well => self.done(operation, body),
            Fares::Throttled => (400, THROTTLED.to_owned()),
            Fares::Fails => (500, FAILED.to_owned()),
            Fares::FailsAfter => {
                self.done(operation, body);
                (500, FAILED.to_owned())
            }
        }
    }

    fn done(&self, operation: &str, body: &[u8]) -> (u16, String) {
        let Some(mistake) = self.fuse.mistake() else { return self.embedded.answer(operation, body) };
        let who = self.fuse.who();
        let peek = |ask: &Value| {
            let (_, answer) = self.embedded.answer("GetItem", ask.to_string().as_bytes());
            serde_json::from_str(&answer).unwrap_or_default()
        };
        let body = serde_json::from_slice(body).unwrap_or_default();
        let (asked, heard) = match mistake.asks(who, operation, body, peek) {
            Asked::So(asked, heard) => (asked, heard),
            Asked::Not(answer) => return (200, answer.to_string()),
        };
        let (status, answer) = self.embedded.answer(operation, asked.to_string().as_bytes());
        let answer = serde_json::from_str(&answer).unwrap_or_default();
        let (status, answer) = mistake.hears(who, operation, &heard, status, answer);
        (status, answer.to_string())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let what = target.rsplit('.').next().unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap_or_default().to_vec();
            let answer = async { wire.answer(&what, &body) };
            let answered = wire.fuse.call(&what, &body, answer, |(status, _)| *status == 200).await;
            let Some((status, body)) = answered else {
                return Err(ConnectorError::io("the connection was closed".into()));
            };
            let status = StatusCode::try_from(status).map_err(|fault| ConnectorError::user(fault.into()))?;
            let mut response = HttpResponse::new(status, body.into());
            response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
            Ok(response)
        })
    }
}

/// The pauses of the SDK between its tries take no time here, but others run in them.
#[derive(Debug)]
struct NoTime;

impl AsyncSleep for NoTime {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(tokio::task::yield_now())
    }
}

/// A client of the database with a fuse in its wire.
pub(crate) fn client(embedded: &Embedded, fuse: &Fuse) -> Client {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let wire = Wire { fuse: fuse.clone(), embedded: embedded.clone() };
    let connector = SharedHttpConnector::new(wire);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        // The database looks at no signature.
        .allow_no_auth()
        .endpoint_url("http://embedded.invalid")
        .sleep_impl(NoTime)
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // The budget of tries that clients of a process share would tie one clinic to another.
        .retry_partition(RetryPartition::new(format!("worker {}", MADE.fetch_add(1, Ordering::Relaxed))))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Client::from_conf(config)
}

/// Providers with a fuse in their wire.
pub(crate) struct FusedHttp {
    pub(crate) fuse: Fuse,
    pub(crate) http: Arc<dyn Http>,
}

type Answered = Result<Response<Bytes>, HttpFault>;

impl FusedHttp {
    async fn made(&self, request: Request<Bytes>, auth: &Auth) -> Answered {
        let mistake = self.fuse.mistake().filter(|_| request.method() == Method::POST);
        let Some((mistake, sending)) = mistake.and_then(|mistake| Some((mistake.clone(), mistake.sends?)))
        else {
            return self.http.send(request, auth).await;
        };
        let say = |status: u16, body: &'static str| {
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = status.try_into().expect("a status of HTTP");
            Ok(response)
        };
        let taken = || say(201, r#"{"sid":"SM00000000000000000000000000000000","status":"queued"}"#);
        if sending == Sending::Never {
            mistake.makes("POST");
            return taken();
        }
        let again = request.clone();
        let answered = self.http.send(request, auth).await;
        let silent = matches!(answered, Err(HttpFault::NoAnswer(_)));
        let status = answered.as_ref().map_or(0, |response| response.status().as_u16());
        let errs = match sending {
            Sending::Twice => true,
            Sending::AgainAfterFault => status >= 500,
            Sending::BusyIsYes => status == 429,
            Sending::AgainAfterSilence | Sending::SilenceIsYes | Sending::SilenceIsNo => silent,
            Sending::Never => false,
        };
        if !errs {
            return answered;
        }
        mistake.makes("POST");
        match sending {
            Sending::SilenceIsYes | Sending::BusyIsYes => taken(),
            Sending::SilenceIsNo => say(429, r#"{"code":20429,"message":"busy","status":429}"#),
            _ => self.http.send(again, auth).await,
        }
    }
}

impl Http for FusedHttp {
    fn send<'a>(&'a self, request: Request<Bytes>, auth: &'a Auth) -> BoxFuture<'a, Answered> {
        let (what, body) = (request.method().to_string(), request.body().clone());
        Box::pin(async move {
            let answered = self.fuse.call(&what, &body, self.made(request, auth), Result::is_ok).await;
            answered.unwrap_or_else(|| Err(HttpFault::NoAnswer("the connection was closed".to_owned())))
        })
    }
}

/// The queue with a fuse in its wire.
pub(crate) struct FusedQueue {
    pub(crate) fuse: Fuse,
    pub(crate) queue: Arc<dyn Queue>,
}

fn away(reason: &str) -> PlatformFault {
    PlatformFault::Away { what: "queue", reason: reason.to_owned() }
}

impl Queue for FusedQueue {
    fn push<'a>(&'a self, jobs: &'a [RawJob]) -> BoxFuture<'a, Result<(), PlatformFault>> {
        Box::pin(async move {
            let pushes = async {
                let fares = self.fuse.fares();
                if matches!(fares, Fares::Throttled | Fares::Fails) {
                    return Err(away("busy"));
                }
                let jobs = self
                    .fuse
                    .mistake()
                    .map(|mistake| mistake.pushes(jobs))
                    .map_or(Cow::Borrowed(jobs), Cow::Owned);
                self.queue.push(&jobs).await?;
                if fares == Fares::FailsAfter { Err(away("failed")) } else { Ok(()) }
            };
            let pushed = self.fuse.call("Push", b"", pushes, Result::is_ok).await;
            pushed.unwrap_or_else(|| Err(away("the connection was closed")))
        })
    }
}
