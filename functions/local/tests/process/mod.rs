//! The real process, as tests start it, ask it and kill it.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

/// The product in a process of its own.
pub(crate) struct Process {
    child: Child,
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
}

impl Process {
    pub(crate) async fn start(port: u16, data: &Path, http: &reqwest::Client, more: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(["dev", "--quick", "--port", &port.to_string(), "--data"])
            .arg(data)
            .args(more)
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

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Option<Value> {
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

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Option<()> {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json").body(body.to_string());
        request.send().await.ok().filter(|answer| answer.status().is_success()).map(|_| ())
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }

    pub(crate) async fn token(&self) -> String {
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
pub(crate) async fn sent(process: &Process) -> BTreeMap<String, usize> {
    let log = process.get("/sim/log", None).await.expect("the simulators keep a log");
    let mut sent = BTreeMap::new();
    for send in log["sends"].as_array().expect("a list") {
        *sent.entry(send["reference"].as_str().expect("our id").to_owned()).or_default() += 1;
    }
    sent
}

pub(crate) async fn figures(process: &Process, token: &str) -> BTreeMap<String, i64> {
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
