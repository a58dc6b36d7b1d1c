//! What a stop or a kill leaves behind.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::world::{OURS, Product, World};

const MESSAGE: &str = "msg_01hzx3k8q7c5n9v2b4m6t8w0ya";

#[tokio::test]
async fn callbacks_replies_and_events_that_were_still_to_come_come_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let product = Arc::new(Product::default());
    {
        // So slow that nothing gets out before the end.
        let slow = |settings: &mut crate::simulators::Settings| {
            settings.step = Duration::from_mins(10);
            settings.inbound_url = Some("http://127.0.0.1:1/nobody".to_owned());
            settings.retry = Duration::from_mins(10);
        };
        let world = World::around(Some(dir.path()), product.clone(), slow).await;
        let callback = "http://127.0.0.1:1/status?m=msg_01hzx3k8q7c5n9v2b4m6t8w0ya";
        let fields =
            [("To", "+12125550198"), ("From", OURS), ("Body", "Hello"), ("StatusCallback", callback)];
        assert_eq!(world.text(&fields).await.unwrap().0, 201);
        assert_eq!(world.reply("+12125550198", "STOP").await, 202);
        let mail = json!({
            "FromEmailAddress": "care@clinic.example",
            "Destination": {"ToAddresses": ["bounce@example.com"]},
            "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "y"}}}},
            "EmailTags": [{"Name": "message", "Value": "msg_01hzx3k8q7c5n9v2b4m6t8w0yb"}],
        });
        assert_eq!(world.mail(&mail).await.unwrap().0, 200);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(product.calls.lock().unwrap().is_empty() && product.events.lock().unwrap().is_empty());
    }
    let world = World::around(Some(dir.path()), product.clone(), |_| {}).await;
    let call = world.calls(1).await.remove(0);
    assert_eq!((call.path.as_str(), call.fields["Body"].as_str()), ("/inbound", "STOP"));
    assert_eq!(world.events(2).await[1].event["eventType"], "Bounce");
    // The block holds, and the log still knows each send once.
    let (status, error) = world.text_to("+12125550198", MESSAGE).await.unwrap();
    assert_eq!((status, &error["code"]), (400, &json!(21610)));
    let log = world.get("/sim/log").await;
    assert_eq!(log["sends"].as_array().unwrap().len(), 2);
    assert_eq!(log["repeated"], json!([]));
}

/// Runs one life of the process: whatever is under way at its end is gone, as after a kill.
fn life<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

#[test]
fn a_restart_in_the_middle_goes_on_with_the_callback_that_was_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let product = Arc::new(Product::default());
    life(async {
        let slow = |settings: &mut crate::simulators::Settings| settings.step = Duration::from_millis(100);
        let world = World::around(Some(dir.path()), product.clone(), slow).await;
        world.text_to("+12125550123", MESSAGE).await.unwrap();
        world.calls(1).await;
    });
    assert_eq!(product.calls.lock().unwrap().len(), 1, "killed before the second callback");
    life(async {
        // The product's address is gone with its first life: the callbacks left are given up, the text moves on.
        let world = World::around(Some(dir.path()), product.clone(), |settings| settings.tries = 1).await;
        let mut status = json!(null);
        for _ in 0..400 {
            status = world.get("/sim/log").await["sends"][0]["status"].clone();
            if status == "delivered" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(status, "delivered");
        assert_eq!(world.get("/sim/log").await["sends"].as_array().unwrap().len(), 1);
    });
}
