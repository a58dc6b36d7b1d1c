//! A world around the simulators: a bound port, a product that takes callbacks, and sentences about both.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    serve::serve,
    simulators::{
        Settings, Simulators,
        ses::{EventSink, NotTaken, Published},
    },
};
use axum::{
    Router,
    extract::OriginalUri,
    http::{HeaderMap, StatusCode},
    routing,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::FutureExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(super) const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub(super) const TOKEN: &str = "test_auth_token";
pub(super) const OURS: &str = "+15005550006";

/// One request that reached the product.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) path: String,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) idempotency: String,
    pub(super) signed: bool,
}

/// What the product is told, and how it answers.
#[derive(Default)]
pub(super) struct Product {
    pub(super) calls: Mutex<Vec<Call>>,
    pub(super) events: Mutex<Vec<Published>>,
    /// So many requests are answered with 503 before the first is taken.
    pub(super) away: AtomicUsize,
}

impl Product {
    fn is_away(&self) -> bool {
        self.away.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1)).is_ok()
    }
}

pub(super) struct World {
    pub(super) base: String,
    pub(super) hooks: String,
    pub(super) product: Arc<Product>,
    pub(super) http: reqwest::Client,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

fn signature_fits(url: &str, body: &str, given: &str) -> bool {
    let mut pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    pairs.sort();
    let text = pairs.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes()) == given
}

async fn product_on(product: Arc<Product>) -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let origin = base.clone();
    let take = async move |uri: OriginalUri, headers: HeaderMap, body: String| {
        if product.is_away() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let signed = signature_fits(&format!("{origin}{}", uri.0), &body, &header("x-twilio-signature"));
        let fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let idempotency = header("i-twilio-idempotency-token");
        product.calls.lock().unwrap().push(Call { path: uri.0.to_string(), fields, idempotency, signed });
        StatusCode::NO_CONTENT
    };
    let router = Router::new().fallback(routing::post(take));
    (base, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(None, |_| {}).await
    }

    /// A world whose simulators keep their journal under `dir`.
    pub(super) async fn with(dir: Option<&Path>, change: impl FnOnce(&mut Settings)) -> Self {
        let product = Arc::new(Product::default());
        Self::around(dir, product, change).await
    }

    pub(super) async fn around(
        dir: Option<&Path>,
        product: Arc<Product>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let (hooks, task) = product_on(product.clone()).await;
        let mut settings = Settings::quick(ACCOUNT, TOKEN.into());
        settings.inbound_url = Some(format!("{hooks}/inbound"));
        change(&mut settings);
        let taker = product.clone();
        let sink = move |event: Published| {
            let taker = taker.clone();
            async move {
                if taker.is_away() {
                    return Err(NotTaken("away".to_owned()));
                }
                taker.events.lock().unwrap().push(event);
                Ok(())
            }
            .boxed()
        };
        let sink: Arc<dyn EventSink> = Arc::new(sink);
        let clock = Clock::system();
        let simulators = match dir {
            Some(dir) => Simulators::open(dir, settings, clock, sink).unwrap(),
            None => Simulators::in_memory(settings, clock, sink).unwrap(),
        };
        simulators.resume();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let router = simulators.router();
        let serving =
            tokio::spawn(async move { serve(listener, router, std::future::pending()).await.unwrap() });
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        Self { base: format!("http://{address}"), hooks, product, http, tasks: vec![task, serving] }
    }

    /// A status-callback address that names our message.
    pub(super) fn callback(&self, message: &str) -> String {
        format!("{}/status?m={message}", self.hooks)
    }

    /// Sends a text; the answer's status and JSON, or nothing if the connection broke.
    pub(super) async fn text(&self, fields: &[(&str, &str)]) -> Option<(u16, Value)> {
        let url = format!("{}/sim/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json", self.base);
        let body = serde_urlencoded::to_string(fields).unwrap();
        let request = self.http.post(url).basic_auth(ACCOUNT, Some(TOKEN)).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, serde_json::from_slice(&answer.bytes().await.ok()?).unwrap()))
    }

    pub(super) async fn text_to(&self, to: &str, message: &str) -> Option<(u16, Value)> {
        let callback = self.callback(message);
        self.text(&[("To", to), ("From", OURS), ("Body", "Hello"), ("StatusCallback", &callback)]).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.base)).basic_auth(ACCOUNT, Some(TOKEN));
        serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request =
            self.http.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    pub(super) async fn reply(&self, phone: &str, text: &str) -> u16 {
        self.post(&format!("/sim/phone/{phone}/reply"), &json!({"text": text})).await.0
    }

    /// Sends a mail through SES.
    pub(super) async fn mail(&self, body: &Value) -> Option<(u16, String, Value)> {
        let signature = "AWS4-HMAC-SHA256 Credential=key/20261122/us-east-1/ses/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=00";
        let url = format!("{}/sim/ses/v2/email/outbound-emails", self.base);
        let request = self.http.post(url).header("authorization", signature).body(body.to_string());
        let answer = request.send().await.ok()?;
        let error = answer.headers().get("x-amzn-errortype").map_or("", |value| value.to_str().unwrap());
        let (status, error) = (answer.status().as_u16(), error.to_owned());
        Some((status, error, serde_json::from_slice(&answer.bytes().await.ok()?).unwrap()))
    }

    /// Waits until the product was called so often, and gives the calls.
    pub(super) async fn calls(&self, count: usize) -> Vec<Call> {
        for _ in 0..1_000 {
            let calls = self.product.calls.lock().unwrap().clone();
            if calls.len() >= count {
                return calls;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("only {:?}", self.product.calls.lock().unwrap());
    }

    pub(super) async fn statuses(&self, count: usize) -> Vec<String> {
        let calls = self.calls(count).await;
        assert!(calls.iter().all(|call| call.signed), "{calls:?}");
        calls.iter().map(|call| call.fields["MessageStatus"].clone()).collect()
    }

    /// Waits until so many mail events were handed on, and gives them.
    pub(super) async fn events(&self, count: usize) -> Vec<Published> {
        for _ in 0..1_000 {
            let events = self.product.events.lock().unwrap().clone();
            if events.len() >= count {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("only {:?}", self.product.events.lock().unwrap());
    }
}
