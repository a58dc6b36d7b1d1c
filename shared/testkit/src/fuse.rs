//! What can go wrong around one worker: it is killed at one of its calls to the outside, and others run between
//! its calls.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
};
use bytes::Bytes;
use embedded::Embedded;
use futures::future::BoxFuture;
use http::{Request, Response};
use platform::{Auth, Http, HttpFault};
use tokio::sync::Notify;

/// Where a worker dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// Before its n-th call, from 1.
    Before(usize),
    /// After its n-th call was done and before it hears of it.
    After(usize),
}

/// A call to the outside, as it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// By whom.
    pub who: &'static str,
    /// An operation of the table, or the method of HTTP.
    pub what: String,
    /// The whole request.
    pub body: String,
}

/// What several workers have done, in the order in which it was done.
#[derive(Clone, Default)]
pub struct Trace(Arc<Mutex<Vec<Call>>>);

impl Trace {
    /// What was done since it was last taken.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, call: Call) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

/// Sits between one worker and the outside. Cloning gives another handle.
#[derive(Clone)]
pub struct Fuse(Arc<Inner>);

struct Inner {
    who: &'static str,
    trace: Trace,
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    kill: Option<Kill>,
    calls: usize,
    /// Of the scheduler; zero leaves the order alone.
    dice: u64,
    blown: bool,
}

impl fmt::Debug for Fuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fuse({})", self.0.who)
    }
}

impl Fuse {
    /// A fuse that blows at `kill`; with a seed other than zero, others run between the calls.
    pub fn new(kill: Option<Kill>, seed: u64) -> Self {
        let fuse = Self::of("worker", &Trace::default());
        fuse.arm(kill, seed);
        fuse
    }

    /// The fuse of a worker whose calls are traced; it leaves everything alone until it is armed.
    pub fn of(who: &'static str, trace: &Trace) -> Self {
        let trace = trace.clone();
        Self(Arc::new(Inner { who, trace, state: Mutex::default(), news: Notify::new() }))
    }

    /// Sets it anew, and counts the calls from here.
    pub fn arm(&self, kill: Option<Kill>, seed: u64) {
        *self.state() = State { kill, calls: 0, dice: seed, blown: false };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls were begun.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// Runs a worker until it is done or dead; nothing is left of a dead one.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.blown() => None,
            done = work => Some(done),
        }
    }

    async fn blown(&self) {
        loop {
            let news = self.0.news.notified();
            if self.state().blown {
                return;
            }
            news.await;
        }
    }

    async fn dies(&self) {
        self.state().blown = true;
        self.0.news.notify_one();
        std::future::pending::<()>().await;
    }

    /// Lets others run for a while.
    pub async fn pause(&self) {
        let turns = {
            let mut state = self.state();
            if state.dice == 0 {
                return;
            }
            // xorshift64: a period of all values but zero.
            state.dice ^= state.dice << 13;
            state.dice ^= state.dice >> 7;
            state.dice ^= state.dice << 17;
            state.dice % 5
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    async fn call<T>(&self, what: &str, body: &[u8], does: impl Future<Output = T>) -> T {
        let (n, kill) = {
            let mut state = self.state();
            state.calls += 1;
            (state.calls, state.kill)
        };
        self.pause().await;
        if kill == Some(Kill::Before(n)) {
            self.dies().await;
        }
        let body = String::from_utf8_lossy(body).into_owned();
        self.0.trace.note(Call { who: self.0.who, what: what.to_owned(), body });
        let done = does.await;
        self.pause().await;
        if kill == Some(Kill::After(n)) {
            self.dies().await;
        }
        done
    }
}

#[derive(Clone, Debug)]
struct Wire {
    fuse: Fuse,
    embedded: Embedded,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { fuse, embedded } = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let what = target.rsplit('.').next().unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap_or_default().to_vec();
            fuse.call(&what, &body, async { embedded.call(request).await }).await
        })
    }
}

/// A client of the database with a fuse in its wire.
pub(crate) fn client(embedded: &Embedded, fuse: &Fuse) -> Client {
    let wire = Wire { fuse: fuse.clone(), embedded: embedded.clone() };
    let connector = SharedHttpConnector::new(wire);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "testkit"))
        .endpoint_url("http://embedded.invalid")
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Client::from_conf(config)
}

/// Providers with a fuse in their wire.
pub(crate) struct FusedHttp {
    pub(crate) fuse: Fuse,
    pub(crate) http: Arc<dyn Http>,
}

impl Http for FusedHttp {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        auth: &'a Auth,
    ) -> BoxFuture<'a, Result<Response<Bytes>, HttpFault>> {
        let (what, body) = (request.method().to_string(), request.body().clone());
        Box::pin(async move { self.fuse.call(&what, &body, self.http.send(request, auth)).await })
    }
}
