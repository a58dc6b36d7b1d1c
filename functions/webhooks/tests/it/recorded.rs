//! Every recorded call of Twilio, played through the router under our own address.

use std::{fs, path::Path};

use messaging::inbound::{InboundReceived, Received};
use serde_json::Value;
use table::keys::InboundKey;

use crate::world::World;

///
#[tokio::test]
async fn every_recorded_call_is_taken_and_leads_somewhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/twilio");
    let mut played = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let recorded: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let called = url::Url::parse(recorded["call"]["url"].as_str().unwrap()).unwrap();
        let body = recorded["call"]["body"].as_str().unwrap();
        let world = World::new().await;
        let inbound = recorded["events"][0].get("INBOUND");
        let to = if inbound.is_some() { "/hooks/twilio/inbound" } else { "/hooks/twilio/status" };
        let to = called.query().map_or_else(|| to.to_owned(), |query| format!("{to}?{query}"));
        let name = path.display();
        assert_eq!(world.twilio(&to, body).await.status, 200, "{name}");
        if let Some(inbound) = inbound {
            let due = world.due().await;
            assert_eq!(due.len(), 1, "{name}");
            let job: InboundReceived = due[0].read().unwrap().unwrap();
            let key =
                InboundKey { provider: job.provider.name().to_owned(), provider_id: job.provider_id.clone() };
            let kept = world.clinic.get::<Received>(&key).await.unwrap().unwrap();
            assert_eq!(&serde_json::to_value(&kept.inbound).unwrap(), inbound, "{name}");
        } else {
            // Its message is none of ours: the receipt waits for it.
            let id = recorded["events"][0]["RECEIPT"]["provider_id"].as_str().unwrap();
            assert_eq!(world.strays(id).await, 1, "{name}");
        }
        played += 1;
    }
    assert!(played >= 20, "{played}");
}
