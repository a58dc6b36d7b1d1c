//! The API in memory, for the tests of its routes.

use std::sync::Arc;

use access::Claims;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use edge::Callers;
use kernel::{CallerId, ClinicId, Clock, Id as _};
use platform::{Files, Platform, Settings, inside::Nothing};
use serde_json::Value;
use tower::ServiceExt as _;

mod fields;
mod seeds;

/// One clinic, and somebody in each role; the token is the name of the role.
pub(crate) struct House {
    pub(crate) platform: Platform,
    pub(crate) clinic: ClinicId,
    router: Router,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(Arc::new(Nothing)).await
    }

    async fn with(files: Arc<dyn Files>) -> Self {
        let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 7);
        let nothing = Arc::new(Nothing);
        let platform = Platform {
            clock: clock.clone(),
            table: embedded::table(clock).await,
            queue: nothing.clone(),
            files,
            secrets: nothing.clone(),
            http: nothing,
            settings: Arc::new(Settings::from(|_| Some("test".to_owned())).unwrap()),
        };
        let clinic = ClinicId::derived(&["test"]);
        let verify = move |role: &str| {
            Some(Claims {
                sub: Self::caller(role).to_string(),
                role: role.to_owned(),
                clinics: String::new(),
                clinic: clinic.to_string(),
            })
        };
        let router = crate::open(&platform, Callers::Tokens(Arc::new(verify))).unwrap();
        Self { platform, clinic, router }
    }

    pub(crate) fn caller(role: &str) -> CallerId {
        CallerId::derived(&[role])
    }

    /// Sends a request as somebody in a role; gives back status and body.
    pub(crate) async fn send(
        &self,
        role: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
        version: Option<&str>,
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(version) = version {
            request = request.header("if-match", version);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.ask(role, request.body(body).unwrap()).await
    }

    async fn ask(&self, role: &str, mut request: Request<Body>) -> (u16, Value) {
        request.headers_mut().insert("authorization", format!("Bearer {role}").parse().unwrap());
        // The clock stands still; entries of the log are to have an order all the same.
        self.platform.clock.advance(jiff::SignedDuration::from_millis(1));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Reads what has to be there.
    pub(crate) async fn get(&self, role: &str, path: &str) -> Value {
        let (status, body) = self.send(role, "GET", path, None, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}
