//! A clinic with work for the function that is measured, and the events that bring it.

use automations::rules::{Timing, Unit};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use embedded::Embedded;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::{CallerId, Clock, Job as _, Lane, Zone};
use messaging::{SendRequested, SendsRequested};
use people::mirror::Kind;
use serde_json::{Value, json};
use sha1::Sha1;
use testkit::{House, PUBLIC, Visit, hours, minutes};
use url::{Url, form_urlencoded};

use crate::peers;

/// Our token at the simulated Twilio.
pub(crate) const TOKEN: &str = "a-token-of-the-bench";
/// What SQS hands to a function at a time.
pub(crate) const BATCH: usize = 10;
/// What the minute puts into one record.
const PACK: usize = 25;
/// Somewhere it is day, and texts may be sent.
const ZONES: [&str; 6] = [
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Karachi",
    "Europe/Berlin",
];

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
    house.time_is(Clock::system().now() - minutes(5)).await;
    let events = match function {
        "sender" => texts(&house, events * BATCH).await.chunks(BATCH).map(records).collect(),
        "sender-alone" => vec![records(&texts(&house, 1).await)],
        "sender-packed" => texts(&house, events * PACK).await.chunks(PACK).map(packed).collect(),
        "webhooks" => receipts(&house, events).await,
        "api" => {
            let (_, zone) = daytime();
            let visit = visits(&house, &zone, 1).await.remove(0);
            let read = format!("/v1/appointments/{}", visit.id);
            (0..events).map(|_| get(&house, &read)).collect()
        }
        "peer" => peers::events(&house, events).await,
        "none" => Vec::new(),
        other => panic!("there are no events for {other}"),
    };
    World { embedded: house.embedded.clone(), house, events }
}

/// A zone in which it is between nine and six now, and its name.
fn daytime() -> (&'static str, Zone) {
    let now = Clock::system().now();
    let mut zones = ZONES.into_iter().map(|name| (name, name.parse::<Zone>().unwrap()));
    zones.find(|(_, zone)| (9..18).contains(&zone.wall(now).hour())).expect("it is day somewhere")
}

/// Visits of as many patients two hours and a minute from now.
async fn visits<'h>(house: &'h House, zone: &Zone, many: usize) -> Vec<Visit<'h>> {
    let mut visits = Vec::new();
    let wall = zone.wall(house.clock.now() + hours(2) + minutes(1));
    let wall = wall.strftime("%Y-%m-%dT%H:%M").to_string();
    for n in 0..many {
        let number = format!("+1212555{:04}", 110 + n);
        let patient = house.patient(&format!("Quendoline{n}")).with_text(&number).who_agreed().await;
        house.mirror_says(Kind::Person, &patient.key, &json!({ "zone": zone.name() })).await;
        visits.push(patient.books(&wall).await);
    }
    visits
}

/// Reminders that are due now.
async fn texts(house: &House, many: usize) -> Vec<SendRequested> {
    let (name, zone) = daytime();
    house.sets(|clinic| clinic.zone = zone.clone()).await;
    let before = Timing::Before { amount: 2, unit: Unit::Hours, at: None };
    house.has_rule(&house.rule("two hours before", before)).await;
    visits(house, &zone, many).await;
    house.settles().await;
    house.clock.advance(minutes(2));
    house.ticks().await;
    let mut requests = Vec::new();
    for delivery in house.queue.take(Lane::Outbound, many) {
        if let Some(Ok(one)) = delivery.job.read::<SendRequested>() {
            requests.push(one);
        } else if let Some(Ok(several)) = delivery.job.read::<SendsRequested>() {
            requests.extend(several.sends);
        }
    }
    assert_eq!(requests.len(), many, "all reminders are due in {name}");
    requests
}

/// What Twilio tells about reminders that were sent.
async fn receipts(house: &House, many: usize) -> Vec<Value> {
    let requests = texts(house, many).await;
    let work = sender::Work::on(&house.platform);
    for batch in requests.chunks(PACK) {
        let jobs = SendsRequested::packed(batch);
        assert!(work.run(jobs).await.iter().all(Result::is_ok), "the texts are sent");
    }
    let sent = house.outbox();
    assert_eq!(sent.len(), many, "all texts were taken");
    sent.iter().map(|sent| receipt(&sent.callback, &sent.provider_id, &sent.to)).collect()
}

/// Requests one by one, as SQS hands them over.
fn records(requests: &[SendRequested]) -> Value {
    let records = requests.iter().enumerate();
    let records =
        records.map(|(number, request)| record(number, &serde_json::to_value(request.raw()).unwrap()));
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// Requests together in one record, as the minute packs them.
fn packed(requests: &[SendRequested]) -> Value {
    let jobs = SendsRequested::packed(requests);
    let records =
        jobs.iter().enumerate().map(|(number, job)| record(number, &serde_json::to_value(job).unwrap()));
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
