//! Publishes to an SNS topic over HTTP: for the stack, whose SES sends no events by itself.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use futures::future::BoxFuture;
use kernel::Clock;

use super::{EventSink, NotTaken, Published};

/// A topic at an endpoint, such as `http://127.0.0.1:4566`.
#[derive(Debug)]
pub struct SnsTopic {
    endpoint: String,
    region: String,
    credentials: Credentials,
    clock: Clock,
    http: reqwest::Client,
}

impl SnsTopic {
    /// A topic reached with an access key. Signing needs the true time: give it the machine's clock.
    pub fn new(
        endpoint: impl Into<String>,
        region: impl Into<String>,
        credentials: Credentials,
        clock: Clock,
        http: reqwest::Client,
    ) -> Self {
        Self { endpoint: endpoint.into(), region: region.into(), credentials, clock, http }
    }

    async fn post(&self, event: Published) -> Result<(), String> {
        let fields = [
            ("Action", "Publish"),
            ("Version", "2010-03-31"),
            ("TopicArn", &event.topic),
            ("Message", &event.event.to_string()),
        ];
        let body = serde_urlencoded::to_string(fields).map_err(|error| error.to_string())?;
        let url = url::Url::parse(&self.endpoint).map_err(|error| error.to_string())?;
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("sns")
            .time(SystemTime::from(self.clock.now()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let headers = [("host", host.as_str()), kind];
        let signable = SignableRequest::new(
            "POST",
            url.as_str(),
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )
        .map_err(|error| error.to_string())?;
        let (signed, _) = sign(signable, &params).map_err(|error| error.to_string())?.into_parts();
        let mut request = http::Request::post(url.as_str()).header(kind.0, kind.1).body(body);
        if let Ok(request) = &mut request {
            signed.apply_to_request_http1x(request);
        }
        let request = request.map_err(|error| error.to_string())?;
        let request = reqwest::Request::try_from(request).map_err(|error| error.to_string())?;
        let answer = self.http.execute(request).await.map_err(|error| error.to_string())?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("SNS answered with {}", answer.status()))
        }
    }
}

impl EventSink for SnsTopic {
    fn publish(&self, event: Published) -> BoxFuture<'_, Result<(), NotTaken>> {
        Box::pin(async move { self.post(event).await.map_err(NotTaken) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Router, http::HeaderMap, routing};
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn an_event_is_published_with_a_signed_call() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let taken = seen.clone();
        let take = async move |headers: HeaderMap, body: String| {
            taken.lock().unwrap().push((headers["authorization"].to_str().unwrap().to_owned(), body));
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(
            async move { axum::serve(listener, Router::new().route("/", routing::post(take))).await },
        );
        let credentials = Credentials::from_keys("key", "secret", None);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        let topic = SnsTopic::new(endpoint, "us-east-1", credentials.clone(), clock.clone(), http.clone());
        let event = Published {
            topic: "arn:aws:sns:us-east-1:000000000000:mail-events".to_owned(),
            id: "one".to_owned(),
            at: clock.now(),
            event: json!({"eventType": "Send"}),
        };
        topic.publish(event.clone()).await.unwrap();
        let (signature, body) = seen.lock().unwrap().remove(0);
        assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=key/20261122/us-east-1/sns/aws4_request"));
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        assert!(fields.contains(&("Action".to_owned(), "Publish".to_owned())), "{fields:?}");
        assert!(fields.contains(&("Message".to_owned(), r#"{"eventType":"Send"}"#.to_owned())), "{fields:?}");

        let nobody = SnsTopic::new("http://127.0.0.1:1", "us-east-1", credentials, clock, http);
        assert!(nobody.publish(event).await.is_err());
    }
}
