//! Enough of the Lambda Runtime API to hand a function its events one after the other.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use embedded::{Embedded, Usage};
use serde_json::{Value, json};
use tokio::net::TcpListener;

struct Hands {
    waiting: VecDeque<Value>,
    answered: usize,
    failed: usize,
    /// What the first event used at the table, cold as the function was.
    first: Option<Usage>,
    embedded: Embedded,
}

type Shared = Arc<Mutex<Hands>>;

/// Serves until the process ends; gives back host and port.
pub(crate) async fn serve(events: Vec<Value>, embedded: Embedded) -> String {
    let hands = Hands { waiting: events.into(), answered: 0, failed: 0, first: None, embedded };
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .with_state(Arc::new(Mutex::new(hands)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn next(State(hands): State<Shared>) -> Response {
    let event = hands.lock().unwrap().waiting.pop_front();
    let Some(event) = event else {
        report(&hands.lock().unwrap());
        return std::future::pending().await;
    };
    Response::builder()
        .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .header("lambda-runtime-deadline-ms", "4102444800000")
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:bench")
        .header("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
        .header("content-type", "application/json")
        .body(Body::from(event.to_string()))
        .unwrap()
}

async fn response(State(hands): State<Shared>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let status = answer["statusCode"].as_u64();
    let records = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
    let mut hands = hands.lock().unwrap();
    hands.answered += 1;
    if records > 0 || status.is_some_and(|status| status >= 400) {
        hands.failed += records.max(1);
        eprintln!("bench: the function answered {answer}");
    }
    if hands.first.is_none() {
        hands.first = Some(hands.embedded.meter().take());
    }
    StatusCode::ACCEPTED
}

async fn error(State(hands): State<Shared>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    hands.lock().unwrap().failed += 1;
    eprintln!("bench: the function failed: {}", String::from_utf8_lossy(&body));
    StatusCode::ACCEPTED
}

fn usage(usage: &Usage) -> Value {
    json!({ "calls": usage.calls, "write_units": usage.write_units, "read_units": usage.read_units })
}

#[expect(clippy::print_stdout, reason = "what it finds is its output")]
fn report(hands: &Hands) {
    let rest = hands.embedded.meter().take();
    println!(
        "{}",
        json!({
            "answered": hands.answered, "failed": hands.failed,
            "first": hands.first.as_ref().map(usage), "rest": usage(&rest),
        })
    );
}
