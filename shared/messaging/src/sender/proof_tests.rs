use std::sync::Arc;

use futures::future::BoxFuture;
use http::Response;
use jiff::SignedDuration;
use kernel::{Clock, Timestamp};
use platform::{
    Http, HttpFault, Settings,
    inside::{FixedSecrets, Nothing},
};

use super::*;

/// Grants a token to whoever asks, and remembers how often it was asked.
#[derive(Default)]
struct Grants {
    asked: Mutex<Vec<Auth>>,
    status: u16,
}

impl Http for Grants {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        auth: &'a Auth,
    ) -> BoxFuture<'a, Result<Response<Bytes>, HttpFault>> {
        assert_eq!(request.uri().host(), Some("oauth2.googleapis.com"));
        let mut asked = self.asked.lock().unwrap();
        asked.push(auth.clone());
        let body =
            format!(r#"{{"access_token":"t{}","expires_in":3600,"token_type":"Bearer"}}"#, asked.len());
        let answer = Response::builder().status(self.status).body(Bytes::from(body)).unwrap();
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// The key that RFC 7515 A.2 publishes.
fn key() -> String {
    let body = include_str!("../../../providers/src/token/rfc7515.txt");
    format!(
        "{}{body}{}",
        concat!("-----BEGIN ", "PRIVATE KEY-----\n"),
        concat!("\n-----END ", "PRIVATE KEY-----\n")
    )
}

async fn on(http: &Arc<Grants>) -> Platform {
    let now: Timestamp = "2026-11-22T15:00:00Z".parse().unwrap();
    let clock = Clock::fixed(now, 7);
    let account = serde_json::json!({
        "client_email": "sender@app.example", "private_key": key(), "token_uri": "https://oauth2.googleapis.com/token",
    });
    let secrets = [
        ("vonage", key()),
        ("fcm", account.to_string()),
        ("bad", "no key".to_owned()),
        ("plain", "t".into()),
    ];
    let settings = Settings::from(|name| match name {
        "STAGE" => Some("test".to_owned()),
        "PUBLIC_URL" => Some("https://comms.example.com".to_owned()),
        _ => None,
    });
    Platform {
        table: embedded::table(clock.clone()).await,
        clock,
        queue: Arc::new(Nothing),
        files: Arc::new(Nothing),
        secrets: Arc::new(FixedSecrets::new(secrets.map(|(name, value)| (name.to_owned(), value)))),
        http: http.clone(),
        settings: Arc::new(settings.unwrap()),
    }
}

fn prepared(auth: providers::Auth) -> Prepared {
    Prepared { request: Request::post("https://provider.example/send").body(Bytes::new()).unwrap(), auth }
}

fn bearer(request: &Request<Bytes>) -> String {
    let proof = &request.headers()[AUTHORIZATION];
    assert!(proof.is_sensitive());
    proof.to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}

fn fcm() -> providers::Auth {
    providers::Auth::ServiceAccount { secret: "fcm".into(), scope: "messaging" }
}

#[tokio::test]
async fn a_granted_token_is_asked_for_once_while_it_is_good() {
    let http = Arc::new(Grants { status: 200, ..Grants::default() });
    let (platform, tokens) = (on(&http).await, Tokens::default());
    for expected in ["t1", "t1"] {
        let (request, auth) = tokens.prove(&platform, prepared(fcm())).await.unwrap();
        assert_eq!((bearer(&request).as_str(), auth), (expected, Auth::Brought));
    }
    assert_eq!(http.asked.lock().unwrap().len(), 1);
    platform.clock.advance(SignedDuration::from_mins(59));
    let (request, _) = tokens.prove(&platform, prepared(fcm())).await.unwrap();
    assert_eq!(bearer(&request), "t2");
}

#[tokio::test]
async fn a_refused_account_is_no_matter_of_time_and_a_server_in_trouble_is() {
    for (status, class) in [(400, providers::ErrorClass::Config), (503, providers::ErrorClass::Transient)] {
        let http = Arc::new(Grants { status, ..Grants::default() });
        let error = Tokens::default().prove(&on(&http).await, prepared(fcm())).await.unwrap_err();
        assert_eq!(error.class, class);
    }
}

#[tokio::test]
async fn an_application_signs_each_call_anew() {
    let http = Arc::new(Grants::default());
    let (platform, tokens) = (on(&http).await, Tokens::default());
    let auth =
        |secret: &str| providers::Auth::ApplicationToken { application: "a".into(), secret: secret.into() };
    let (one, brought) = tokens.prove(&platform, prepared(auth("vonage"))).await.unwrap();
    let (two, _) = tokens.prove(&platform, prepared(auth("vonage"))).await.unwrap();
    assert_eq!(brought, Auth::Brought);
    assert_ne!(bearer(&one), bearer(&two));
    let error = tokens.prove(&platform, prepared(auth("bad"))).await.unwrap_err();
    assert_eq!(error.class, providers::ErrorClass::Config);
    let error = tokens.prove(&platform, prepared(auth("absent"))).await.unwrap_err();
    assert_eq!(error.class, providers::ErrorClass::Transient);
}

#[tokio::test]
async fn what_the_handle_can_prove_is_left_to_it() {
    let http = Arc::new(Grants::default());
    let auth = providers::Auth::Bearer { secret: "plain".into() };
    let (request, auth) = Tokens::default().prove(&on(&http).await, prepared(auth)).await.unwrap();
    assert!(request.headers().is_empty());
    assert_eq!(auth, Auth::Bearer { secret: "plain".into() });
}
