//! Wires that take their time: simulated time, which passes only while everybody waits for it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig, timeout::TimeoutConfig},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
};
use bytes::Bytes;
use embedded::Embedded;
use futures::future::BoxFuture;
use http::{Request, Response};
use kernel::{Clock, RawJob};
use platform::{Auth, Http, HttpFault, Platform, PlatformFault, Queue};
use serde_json::{Value, json};
use table::Table;
use testkit::House;
use tokio::time::Instant;

/// What a call to DynamoDB or SQS takes.
const DATABASE: Duration = Duration::from_millis(5);
/// What a call to a provider takes.
const PROVIDER: Duration = Duration::from_millis(40);

/// Simulated time: the clock of the house goes with that of the runtime.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    began: Instant,
    clock: Clock,
    told: Arc<Mutex<Duration>>,
}

impl Time {
    fn of(clock: &Clock) -> Self {
        Self { began: Instant::now(), clock: clock.clone(), told: Arc::default() }
    }

    pub(crate) fn passed(&self) -> Duration {
        self.began.elapsed()
    }

    async fn takes(&self, time: Duration) {
        tokio::time::sleep(time).await;
        let passed = self.passed();
        let mut told = self.told.lock().unwrap();
        self.clock.advance(passed.saturating_sub(*told).try_into().unwrap());
        *told = passed;
    }
}

/// What was written to each partition, by the second.
#[derive(Debug, Default)]
pub(crate) struct Written(BTreeMap<(String, u64), u64>);

impl Written {
    /// The partition that most was written to within a second, and how much.
    pub(crate) fn busiest(&self) -> (String, u64) {
        let most = self.0.iter().max_by_key(|(_, units)| **units);
        most.map(|((key, _), units)| (key.clone(), *units)).unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
struct Wire {
    embedded: Embedded,
    time: Time,
    written: Arc<Mutex<Written>>,
}

type Item = serde_json::Map<String, Value>;

/// The items that a call writes, as far as it tells their indexed attributes, and what each of their units counts for.
fn writes(operation: &str, body: &Value) -> (u64, Vec<Item>) {
    let item = |of: &Value| of.as_object().cloned().unwrap_or_default();
    let of_act = |act: &Value| {
        let (_, act) = act.as_object()?.iter().next()?;
        Some(item(act.get("Item").or_else(|| act.get("Key"))?))
    };
    match operation {
        "PutItem" => (1, vec![item(&body["Item"])]),
        "UpdateItem" | "DeleteItem" => (1, vec![item(&body["Key"])]),
        "TransactWriteItems" => {
            let acts = body["TransactItems"].as_array().into_iter().flatten();
            (2, acts.filter_map(of_act).collect())
        }
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            let puts = tables.flat_map(|(_, puts)| puts.as_array().into_iter().flatten());
            (1, puts.filter_map(of_act).collect())
        }
        "BatchExecuteStatement" => {
            let statements = body["Statements"].as_array().into_iter().flatten();
            (1, statements.map(updated).collect())
        }
        _ => (0, Vec::new()),
    }
}

/// What `UPDATE "comms" SET "a"=? SET "b"=? … WHERE "pk"=? AND "sk"=? AND "rev"=?` writes.
fn updated(statement: &Value) -> Item {
    let says = statement["Statement"].as_str().unwrap();
    let values = statement["Parameters"].as_array().unwrap();
    let names = says.split('"').skip(3).step_by(2).filter(|name| {
        // Names of what is removed have no value.
        says.contains(&format!("\"{name}\"=?"))
    });
    names.map(str::to_owned).zip(values.iter().cloned()).collect()
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.get("S")?.as_str()
}

impl Wire {
    fn count(&self, key: &str, units: u64) {
        let second = self.time.passed().as_secs();
        *self.written.lock().unwrap().0.entry((key.to_owned(), second)).or_default() += units;
    }

    /// A unit for each item and each place of it in an index that changes: all are below a kilobyte.
    fn weighs(&self, operation: &str, body: &Value) {
        let (each, items) = writes(operation, body);
        let per_item = |item: Item| {
            let key = json!({ "TableName": "comms", "Key": { "pk": item["pk"], "sk": item["sk"] } });
            let (_, before) = self.embedded.answer("GetItem", key.to_string().as_bytes());
            let before: Value = serde_json::from_str(&before).unwrap();
            let before = before["Item"].as_object().cloned().unwrap_or_default();
            self.count(text(&item, "pk").unwrap_or_default(), each);
            for (part, order) in [("lp", "ls"), ("hp", "hs")] {
                if (item.get(part), item.get(order)) != (before.get(part), before.get(order)) {
                    for place in [text(&item, part), text(&before, part)].into_iter().flatten() {
                        self.count(&format!("index {place}"), each);
                    }
                }
            }
        };
        items.into_iter().for_each(per_item);
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move {
            wire.time.takes(DATABASE).await;
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default();
            let body = serde_json::from_slice(request.body().bytes().unwrap_or_default());
            wire.weighs(operation, &body.unwrap_or_default());
            wire.embedded.call(request).await
        })
    }
}

struct Providers {
    time: Time,
    http: Arc<dyn Http>,
}

impl Http for Providers {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        auth: &'a Auth,
    ) -> BoxFuture<'a, Result<Response<Bytes>, HttpFault>> {
        Box::pin(async move {
            self.time.takes(PROVIDER).await;
            self.http.send(request, auth).await
        })
    }
}

struct Queues {
    time: Time,
    queue: Arc<dyn Queue>,
}

impl Queue for Queues {
    fn push<'a>(&'a self, jobs: &'a [RawJob]) -> BoxFuture<'a, Result<(), PlatformFault>> {
        Box::pin(async move {
            self.time.takes(DATABASE).await;
            self.queue.push(jobs).await
        })
    }
}

/// The platform of the house with wires that take their time, and what is written through them.
pub(crate) fn platform(house: &House) -> (Platform, Time, Arc<Mutex<Written>>) {
    let (time, written) = (Time::of(&house.clock), Arc::<Mutex<Written>>::default());
    let wire = Wire { embedded: house.embedded.clone(), time: time.clone(), written: written.clone() };
    let connector = SharedHttpConnector::new(wire);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "bench"))
        .endpoint_url("http://embedded.invalid")
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    let client = Client::from_conf(config);
    let table = Table::new(move || client.clone(), "comms".to_owned(), house.clock.clone());
    let of_house = &house.platform;
    let http = Arc::new(Providers { time: time.clone(), http: of_house.http.clone() });
    let queue = Arc::new(Queues { time: time.clone(), queue: of_house.queue.clone() });
    (Platform { table, http, queue, ..of_house.clone() }, time, written)
}

#[test]
fn a_statement_tells_what_it_writes() {
    let says = "UPDATE \"comms\" SET \"data\"=? SET \"lp\"=? REMOVE \"hp\" REMOVE \"hs\" \
                WHERE \"pk\"=? AND \"sk\"=? AND \"rev\"=?";
    let values: Vec<Value> = ["d", "l", "p", "s", "1"].iter().map(|value| json!({ "S": value })).collect();
    let item = updated(&json!({ "Statement": says, "Parameters": values }));
    assert_eq!((text(&item, "lp"), text(&item, "pk"), text(&item, "sk")), (Some("l"), Some("p"), Some("s")));
    assert!(!item.contains_key("hp"));
    let call =
        json!({ "TransactItems": [{ "Put": { "Item": { "pk": { "S": "a" }, "sk": { "S": "b" } } } }] });
    let (units, items) = writes("TransactWriteItems", &call);
    assert_eq!((units, text(&items[0], "pk")), (2, Some("a")));
}
