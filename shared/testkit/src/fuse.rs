//! What can go wrong around one worker: it is killed at one of its calls to the outside, and others run between
//! its calls.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
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

/// Sits between one worker and the outside. Cloning gives another handle.
#[derive(Clone, Default)]
pub struct Fuse(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kill: Option<Kill>,
    calls: AtomicUsize,
    /// State of the scheduler; zero leaves the order alone.
    dice: AtomicU64,
    blown: AtomicBool,
    news: Notify,
}

impl Fuse {
    /// A fuse that blows at `kill`; with a seed other than zero, others run between the calls.
    pub fn new(kill: Option<Kill>, seed: u64) -> Self {
        Self(Arc::new(Inner { kill, dice: AtomicU64::new(seed), ..Inner::default() }))
    }

    /// How many calls were begun.
    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::Acquire)
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
            if self.0.blown.load(Ordering::Acquire) {
                return;
            }
            news.await;
        }
    }

    async fn dies(&self) -> ! {
        self.0.blown.store(true, Ordering::Release);
        self.0.news.notify_waiters();
        self.0.news.notify_one();
        std::future::pending::<()>().await;
        unreachable!("nobody waits for the end of what is pending")
    }

    /// Lets others run for a while.
    async fn pause(&self) {
        let mut dice = self.0.dice.load(Ordering::Acquire);
        if dice == 0 {
            return;
        }
        // xorshift64: a period of all values but zero.
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        self.0.dice.store(dice, Ordering::Release);
        for _ in 0..dice % 5 {
            tokio::task::yield_now().await;
        }
    }

    async fn call<T>(&self, does: impl Future<Output = T>) -> T {
        let n = self.0.calls.fetch_add(1, Ordering::AcqRel) + 1;
        self.pause().await;
        if self.0.kill == Some(Kill::Before(n)) {
            self.dies().await;
        }
        let done = does.await;
        self.pause().await;
        if self.0.kill == Some(Kill::After(n)) {
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

impl std::fmt::Debug for Fuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fuse")
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { fuse, embedded } = self.clone();
        HttpConnectorFuture::new(async move { fuse.call(async { embedded.call(request).await }).await })
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
        Box::pin(self.fuse.call(self.http.send(request, auth)))
    }
}
