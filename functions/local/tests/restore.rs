//! The drill: a backup of the running product is restored while the world has gone on. What it holds is whole, and
//! nothing is sent twice.

mod process;

use std::{collections::BTreeMap, net::TcpListener, path::Path, process::Command, time::Duration};

use process::{Process, figures, sent};
use serde_json::json;

async fn days_pass(process: &Process, days: u8) {
    for _ in 0..days {
        process.post("/dev/clock", &json!({ "advance": "P1D" })).await.expect("the clock moves");
    }
    // What was sent is told about, and counted.
    let token = process.token().await;
    let mut counted = BTreeMap::new();
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = figures(process, &token).await;
        if now == counted {
            break;
        }
        counted = now;
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("a copy");
        }
    }
}

#[tokio::test]
async fn a_restored_copy_holds_what_was_and_sends_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let backup = folder.path().join("backup.db");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
    let http =
        reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(2)).build().expect("a client");

    // A backup is made while the product runs; then a day passes of which the backup knows nothing. The demo's visits
    // lie in the five days to come.
    let mut process = Process::start(port, &first, &http, &[]).await;
    let token = process.token().await;
    days_pass(&process, 0).await;
    let then = figures(&process, &token).await;
    let made = Command::new(env!("CARGO_BIN_EXE_local"))
        .arg("backup")
        .args([first.join("comms.db"), backup.clone()])
        .status();
    assert!(made.expect("it runs").success(), "the database of the running product is copied");
    let sent_then = sent(&process).await;
    days_pass(&process, 1).await;
    let sent_since = sent(&process).await;
    assert!(sent_since.len() > sent_then.len(), "something is sent of which the backup knows nothing");
    process.kill();

    // The old state beside a world that has gone on: the providers remember, the clock shows today.
    copy(&first, &second);
    for old in ["comms.db", "comms.db-wal", "comms.db-shm", "changes"] {
        let _ = std::fs::remove_file(second.join(old));
    }
    std::fs::copy(&backup, second.join("comms.db")).expect("the backup is put in its place");
    let mut process = Process::start(port, &second, &http, &["--restored"]).await;
    let token = process.token().await;
    assert_eq!(figures(&process, &token).await, then, "the counts are those of the moment of the backup");
    days_pass(&process, 1).await;
    assert_eq!(sent(&process).await, sent_since, "a copy sends nothing");
    process.kill();

    // Somebody has looked.
    let process = Process::start(port, &second, &http, &["--released"]).await;
    days_pass(&process, 7).await;
    let sent_at_last = sent(&process).await;
    let twice: Vec<_> = sent_at_last.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
    assert!(sent_at_last.len() > sent_since.len(), "what was still ahead is sent");
    let counted = figures(&process, &token).await;
    let many = |status: &str| -> i64 {
        counted.iter().filter(|(name, _)| name.ends_with(status)).map(|(_, count)| *count).sum()
    };
    assert!(many("UNKNOWN") > 0, "what fell due meanwhile stands on the desk: {counted:?}");
    for open in ["QUEUED", "SCHEDULED", "SENDING"] {
        assert_eq!(many(open), 0, "left open: {counted:?}");
    }
}
