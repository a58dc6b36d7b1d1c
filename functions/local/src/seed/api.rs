//! The HTTP API of a running product, as its clinic's administrator.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use kernel::Timestamp;
use reqwest::{Method, header};
use serde_json::Value;

use super::text;

/// A client with a token.
#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    /// Finds the product and takes a token from it.
    pub(super) async fn open(base: &str) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_mins(1))
            .build()
            .map_err(|error| error.to_string())?;
        let mut api = Self { http, base: base.to_owned(), token: String::new() };
        let tokens = api
            .get("/dev/tokens")
            .await
            .map_err(|fault| format!("nothing runs at {base}; start scripts/dev first ({fault})"))?;
        let rows = tokens["tokens"].as_array().cloned().unwrap_or_default();
        let admin = rows.iter().find(|row| row["role"] == "clinic_admin");
        api.token = text(&admin.ok_or("the product gives no token to an administrator")?["token"]);
        Ok(api)
    }

    /// The day in the clinic and the instant, by the product's clock.
    pub(super) async fn today(&self) -> Result<(Date, Timestamp), String> {
        let clock = self.get("/dev/clock").await?;
        let local: DateTime = text(&clock["local"]).parse().map_err(|_| "the clock is not understood")?;
        let now = text(&clock["now"]).parse().map_err(|_| "the clock is not understood")?;
        Ok((local.date(), now))
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, String> {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends bytes to the address that an import was given.
    pub(super) async fn upload(&self, upload: &Value, bytes: Vec<u8>) -> Result<(), String> {
        let request = self.http.put(text(&upload["url"])).body(bytes);
        let answer = request.send().await.map_err(|error| format!("the upload failed: {}", told(error)))?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("the upload was answered with {status}")) }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let answer = request.send().await.map_err(|error| format!("{method} {path}: {}", told(error)))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| format!("{method} {path}: {}", told(error)))?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|error| format!("{method} {path}: {error}"));
        }
        Err(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes)))
    }
}

/// The innermost cause: "connection refused" says more than "error sending request".
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
