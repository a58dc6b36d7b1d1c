//! A clinic with work for the function that is measured, and the events that bring it.

use automations::rules::{Timing, Unit};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use embedded::Embedded;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::{CallerId, Clock, Lane, RawJob};
use serde_json::{Value, json};
use sha1::Sha1;
use testkit::{House, PUBLIC, Visit, hours, minutes};
use url::{Url, form_urlencoded};

use crate::peers;

/// Our token at the simulated Twilio.
pub(crate) const TOKEN: &str = "a-token-of-the-bench";
/// What SQS hands to a function at a time.
pub(crate) const BATCH: usize = 10;

/// A clinic, and what is to be brought to the function.
pub(crate) struct World {
    pub(crate) house: House,
    pub(crate) embedded: Embedded,
    pub(crate) events: Vec<Value>,
}

/// Makes the world for a function: so many events, of ten records where it works from a queue.
pub(crate) async fn world(function: &str, events: usize) -> World {
    let house = House::new(1).await;
    // The function has the real time.
    house.time_is(Clock::system().now() - minutes(3)).await;
    let events = match function {
        "sender" => texts(&house, events * BATCH).await.chunks(BATCH).map(records).collect(),
        "sender-alone" => vec![records(&texts(&house, 1).await)],
        "webhooks" => {
            let jobs = texts(&house, events).await;
            let work = sender::Work::on(&house.platform);
            for batch in jobs.chunks(BATCH) {
                assert!(work.run(batch.to_vec()).await.iter().all(Result::is_ok), "the texts are sent");
            }
            house.outbox().iter().map(|sent| receipt(&sent.callback, &sent.provider_id, &sent.to)).collect()
        }
        "api" => {
            let visit = visits(&house, 1).await.remove(0);
            let read = format!("/v1/appointments/{}", visit.id);
            (0..events).map(|_| get(&house, &read)).collect()
        }
        "peer" => peers::events(&house, events).await,
        "none" => Vec::new(),
        other => panic!("there are no events for {other}"),
    };
    World { embedded: house.embedded.clone(), house, events }
}

async fn visits(house: &House, many: usize) -> Vec<Visit<'_>> {
    let mut visits = Vec::new();
    let at = house.wall(house.clock.now() + hours(2) + minutes(1));
    for n in 0..many {
        let number = format!("+1212555{:04}", 110 + n);
        let patient = house.patient(&format!("P{n}")).with_text(&number).who_agreed().await;
        visits.push(patient.books(&at).await);
    }
    visits
}

/// Reminders that are due now, as the queue carries them.
async fn texts(house: &House, many: usize) -> Vec<RawJob> {
    let before = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.has_rule(&house.rule("two hours before", before)).await;
    visits(house, many).await;
    house.settles().await;
    house.clock.advance(minutes(2));
    house.ticks().await;
    let jobs: Vec<RawJob> =
        house.queue.take(Lane::Outbound, many).into_iter().map(|delivery| delivery.job).collect();
    assert_eq!(jobs.len(), many, "all reminders are due; at night they wait, and nothing can be measured");
    jobs
}

fn records(jobs: &[RawJob]) -> Value {
    let records = jobs.iter().enumerate();
    let records = records.map(|(number, job)| record(number, &serde_json::to_value(job).unwrap()));
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// A record as SQS hands it over.
pub(crate) fn record(number: usize, body: &Value) -> Value {
    json!({
        "messageId": format!("059f36b4-87a3-44ab-83d2-66197597c2{number:02}"),
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body.to_string(),
        "attributes": {
            "ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO", "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:outbound",
        "awsRegion": "us-east-1",
    })
}

/// A request as the HTTP API hands it over, format 2.0.
fn http(
    method: &str,
    path: &str,
    query: &str,
    headers: &Value,
    body: Option<&str>,
    claims: Option<&Value>,
) -> Value {
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "domainName": "comms.example.com",
            "domainPrefix": "comms", "requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default", "stage": "$default",
            "time": "10/Mar/2026:05:16:23 +0000", "timeEpoch": 1_773_119_783_000_i64,
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "bench",
            },
        },
        "isBase64Encoded": body.is_some(),
    });
    if let Some(body) = body {
        event["body"] = json!(BASE64_STANDARD.encode(body));
    }
    if let Some(claims) = claims {
        event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
    }
    event
}

fn get(house: &House, path: &str) -> Value {
    let clinic = house.table.clinic().to_string();
    let claims = json!({
        "sub": CallerId::FIRST.to_string(), "custom:role": "clinic_admin", "custom:clinics": clinic,
        "custom:clinic": clinic,
    });
    http("GET", path, "", &json!({ "host": "comms.example.com", "x-clinic": clinic }), None, Some(&claims))
}

fn receipt(callback: &str, id: &str, to: &str) -> Value {
    let fields = [("MessageSid", id), ("MessageStatus", "delivered"), ("To", to)];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(callback.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    let headers = json!({
        "host": PUBLIC.trim_start_matches("https://"), "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": BASE64_STANDARD.encode(mac.finalize().into_bytes()),
    });
    let url: Url = callback.parse().unwrap();
    http("POST", url.path(), url.query().unwrap_or_default(), &headers, Some(&body), None)
}
