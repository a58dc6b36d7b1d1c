//! The real process is killed again and again, at moments nobody chose, and started again: nothing is lost and
//! nothing is sent twice.

mod process;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    time::Duration,
};

use process::{Process, figures, sent};
use serde_json::json;

/// How often it is killed.
const KILLS: u64 = 20;

#[tokio::test]
async fn killed_at_any_moment_it_loses_nothing_and_sends_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
    let http =
        reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(2)).build().expect("a client");
    // Moments differ from run to run: a seed would only pretend that the machine's pace is the same.
    let moments = kernel::Clock::system();
    for round in 0..KILLS {
        let mut process = Process::start(port, folder.path(), &http, &[]).await;
        let mut random = [0; 2];
        moments.random(&mut random);
        let wait = Duration::from_millis(u64::from(u16::from_be_bytes(random)) % 900);
        let moving = process.http.post(format!("{}/dev/clock", process.base));
        let moving = moving
            .header("content-type", "application/json")
            .body(json!({ "advance": "PT7H" }).to_string())
            .send();
        if round % 5 == 2 {
            let reply = json!({ "text": "C" });
            let answered = process.post("/sim/phone/+12125550124/reply", &reply);
            let _ = tokio::time::timeout(Duration::from_millis(20), answered).await;
        }
        tokio::select! {
            _ = moving => {}
            () = tokio::time::sleep(wait) => {}
        }
        process.kill();
    }

    // At last it is left alone until all that was planned lies behind.
    let process = Process::start(port, folder.path(), &http, &[]).await;
    for _ in 0..7 {
        process.post("/dev/clock", &json!({ "advance": "P1D" })).await.expect("the clock moves");
    }
    let token = process.token().await;
    let mut counted = BTreeMap::new();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = figures(&process, &token).await;
        let open =
            |name: &&String| ["SCHEDULED", "QUEUED", "SENDING"].iter().any(|status| name.ends_with(status));
        let settled = now == counted && !now.keys().any(|name| open(&name));
        counted = now;
        if settled {
            break;
        }
    }

    let sent = sent(&process).await;
    let twice: BTreeSet<_> = sent.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
    assert!(!sent.is_empty(), "nothing was sent at all");

    let ended =
        ["SENT", "DELIVERED", "READ", "FAILED", "BOUNCED", "CANCELLED", "SKIPPED", "EXPIRED", "UNKNOWN"];
    for name in counted.keys().filter(|name| name.starts_with("reminder")) {
        assert!(ended.iter().any(|status| name.ends_with(status)), "left open: {name} in {counted:?}");
    }
    let of = |statuses: &[&str]| -> i64 {
        let wanted =
            |name: &String| !name.starts_with("inbound") && statuses.iter().any(|s| name.ends_with(s));
        counted.iter().filter(|(name, _)| wanted(name)).map(|(_, count)| *count).sum()
    };
    let accepted = i64::try_from(sent.len()).expect("a number");
    let heard = of(&["SENT", "DELIVERED", "READ", "BOUNCED"]);
    let maybe = heard + of(&["FAILED", "UNKNOWN"]);
    assert!(
        heard <= accepted && accepted <= maybe,
        "the provider took {accepted}, our counts say {heard} to {maybe}: {counted:?}"
    );
}
