//! Tables and events for the same work in other languages: plain messages to claim, send and note down.

use aws_smithy_runtime_api::client::{http::HttpConnector as _, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use embedded::Embedded;
use kernel::{Id as _, MessageId};
use serde_json::{Value, json};
use testkit::{House, OUR_NUMBER, PUBLIC};

use crate::events::{BATCH, record};

async fn ask(embedded: &Embedded, operation: &str, body: &Value) {
    let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
    request.headers_mut().insert("x-amz-target", format!("DynamoDB_20120810.{operation}"));
    let answer = embedded.call(request).await.unwrap();
    assert!(answer.status().is_success(), "{operation}: {:?}", answer.body().bytes());
}

/// Messages that wait, and events with ten of them each.
pub(crate) async fn events(house: &House, events: usize) -> Vec<Value> {
    for table in ["peer-messages", "peer-claims"] {
        let keys = json!({
            "TableName": table, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        });
        ask(&house.embedded, "CreateTable", &keys).await;
    }
    let clinic = house.table.clinic();
    let mut brought = Vec::new();
    for event in 0..events {
        let mut records = Vec::new();
        for number in 0..BATCH {
            let message = MessageId::derived(&[&event.to_string(), &number.to_string()]);
            let callback =
                format!("{PUBLIC}/hooks/twilio/status?clinic={clinic}&message={message}&attempt=1");
            let item = json!({ "TableName": "peer-messages", "Item": {
                "id": { "S": message.to_string() }, "status": { "S": "QUEUED" }, "callback": { "S": callback },
                "to": { "S": format!("+1212555{:04}", 110 + number) }, "from": { "S": OUR_NUMBER },
                "text": { "S": "Bright Smiles: you are expected tomorrow at 10:00. Reply C to confirm." },
            }});
            ask(&house.embedded, "PutItem", &item).await;
            records.push(record(number, &json!({ "message": message })));
        }
        brought.push(json!({ "Records": records }));
    }
    brought
}
