//! Calls as the HTTP API of the gateway hands them to the function.

use axum::body::to_bytes;
use base64::{Engine, engine::general_purpose::STANDARD};
use kernel::PersonId;
use messaging::Status;
use rstest::rstest;
use serde_json::json;
use tower::ServiceExt as _;

use crate::world::{PUBLIC, TOKEN, World, sign, status};

const SID: &str = "SM00000000000000000000000000000001";

///
#[rstest]
#[case::as_text(false)]
#[case::in_base64(true)]
#[tokio::test]
async fn what_the_gateway_wraps_is_verified_as_it_was_called(#[case] wrapped: bool) {
    let world = World::new().await;
    let id = world.claimed(PersonId::FIRST).await;
    // Escapes that a friendly reader would write otherwise.
    let query = format!("clinic={}&message={id}&attempt=1&note=a%2fb+c~%7E", world.id);
    let body = format!("{}&ErrorMessage=It%27s%20late+%F0%9F%91%8D", status(SID, "delivered", None));
    let event = json!({
        "version": "2.0",
        "routeKey": "ANY /hooks/{proxy+}",
        "rawPath": "/hooks/twilio/status",
        "rawQueryString": query,
        "headers": {
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "host": "abc123.execute-api.us-east-1.amazonaws.com",
            "x-forwarded-proto": "https",
            "x-twilio-signature": sign(TOKEN, &format!("{PUBLIC}/hooks/twilio/status?{query}"), &body),
        },
        "queryStringParameters": { "attempt": "1" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "abc123", "stage": "$default", "requestId": "x",
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com", "domainPrefix": "abc123",
            "http": {
                "method": "POST", "path": "/hooks/twilio/status", "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "TwilioProxy/1.1"
            },
            "routeKey": "ANY /hooks/{proxy+}", "time": "08/Dec/2026:15:00:30 +0000", "timeEpoch": 1_796_742_030_000_i64
        },
        "body": if wrapped { STANDARD.encode(&body) } else { body.clone() },
        "isBase64Encoded": wrapped,
    });
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let response = world.router.clone().oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let answer = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert_eq!(code, 200, "{answer:?}");
    assert_eq!(world.message(id).await.status, Status::Delivered);
}

///
#[tokio::test]
async fn a_refused_call_is_audited_with_the_address_the_gateway_saw() {
    let world = World::new().await;
    let event = json!({
        "version": "2.0", "rawPath": "/hooks/twilio/status", "rawQueryString": format!("clinic={}", world.id),
        "headers": {
            "content-type": "application/x-www-form-urlencoded", "host": "comms.example.com",
            "x-forwarded-for": "198.51.100.1", "x-twilio-signature": "x",
        },
        "requestContext": {
            "stage": "$default",
            "http": { "method": "POST", "path": "/hooks/twilio/status", "sourceIp": "203.0.113.7" }
        },
        "body": "A=1", "isBase64Encoded": false,
    });
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let response = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 403);
    let log = world.log().await;
    assert_eq!((log.len(), log[0].from), (1, Some("203.0.113.7".parse().unwrap())));
}
