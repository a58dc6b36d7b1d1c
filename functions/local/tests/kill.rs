//! The real process is killed again and again, at moments nobody chose, and started again: nothing is lost and
//! nothing is sent twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

/// How often it is killed.
const KILLS: u64 = 20;

struct Process {
    child: Child,
    base: String,
    http: reqwest::Client,
}

impl Process {
    async fn start(port: u16, data: &Path, http: &reqwest::Client) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(["dev", "--quick", "--port", &port.to_string(), "--data"])
            .arg(data)
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the product starts");
        let process = Self { child, base: format!("http://127.0.0.1:{port}"), http: http.clone() };
        for _ in 0..400 {
            if process.get("/health", None).await.is_some() {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the product does not answer");
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Option<Value> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        let bytes = answer.bytes().await.ok()?;
        Some(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: &Value) -> Option<()> {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json").body(body.to_string());
        request.send().await.ok().filter(|answer| answer.status().is_success()).map(|_| ())
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }

    async fn token(&self) -> String {
        let tokens = self.get("/dev/tokens", None).await.expect("tokens are given out");
        let rows = tokens["tokens"].as_array().expect("a list").iter();
        let admin = rows.filter(|row| row["role"] == "clinic_admin").find_map(|row| row["token"].as_str());
        admin.expect("an admin is among them").to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every accepted send by our own message id.
async fn sent(process: &Process) -> BTreeMap<String, usize> {
    let log = process.get("/sim/log", None).await.expect("the simulators keep a log");
    let mut sent = BTreeMap::new();
    for send in log["sends"].as_array().expect("a list") {
        *sent.entry(send["reference"].as_str().expect("our id").to_owned()).or_default() += 1;
    }
    sent
}

async fn figures(process: &Process, token: &str) -> BTreeMap<String, i64> {
    let mut all: BTreeMap<String, i64> = BTreeMap::new();
    let now = process.get("/dev/clock", None).await.expect("there is a clock");
    let month: String = now["now"].as_str().expect("an instant").chars().take(7).collect();
    let this: jiff::civil::Date = format!("{month}-01").parse().expect("a day");
    for offset in [-1i64, 0] {
        let month = this.checked_add(jiff::Span::new().months(offset)).expect("a month").strftime("%Y-%m");
        let path = format!("/v1/figures/messages?month={month}");
        let told = process.get(&path, Some(token)).await.expect("figures are told");
        for (source, statuses) in told["by_source"].as_object().expect("by source") {
            for (status, count) in statuses.as_object().expect("by status") {
                *all.entry(format!("{source} {status}")).or_default() += count.as_i64().unwrap_or(0);
            }
        }
    }
    all
}

#[tokio::test]
async fn killed_at_any_moment_it_loses_nothing_and_sends_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
    let http =
        reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(2)).build().expect("a client");
    // Moments differ from run to run: a seed would only pretend that the machine's pace is the same.
    let moments = kernel::Clock::system();
    for round in 0..KILLS {
        let mut process = Process::start(port, folder.path(), &http).await;
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
    let process = Process::start(port, folder.path(), &http).await;
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
