//! Imports, step by step: asked for, sent, tried, taken in.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use kernel::{Clock, Timestamp};
use serde_json::{Value, json};

use super::{api::Api, file::File, text};

/// What of the file an import takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Only the people, so that they can agree before visits are booked.
    People,
    /// Everything.
    All,
}

impl Part {
    /// Names an import, so that the next run finds it.
    pub(super) fn name(self, digest: &str, first: Date) -> String {
        let part = match self {
            Self::People => "people",
            Self::All => "all",
        };
        format!("Seed {digest}: {part}, from {first}")
    }
}

/// An import as the API tells of it.
#[derive(Debug, Clone)]
pub(super) struct Import {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) as_of: Timestamp,
    pub(super) trial: Value,
    pub(super) totals: Value,
    read: u64,
    failure: Value,
}

impl Import {
    fn of(view: &Value) -> Result<Self, String> {
        Ok(Self {
            id: text(&view["id"]),
            name: text(&view["name"]),
            state: text(&view["state"]),
            as_of: text(&view["as_of"]).parse().map_err(|_| "an import without its time".to_owned())?,
            trial: view["dry_run"].clone(),
            totals: view["totals"].clone(),
            read: view["bytes_read"].as_u64().unwrap_or(0),
            failure: view["failure"].clone(),
        })
    }

    /// The first day of its visits, from its name.
    pub(super) fn first_day(&self) -> Option<Date> {
        self.name.rsplit_once("from ")?.1.parse().ok()
    }

    /// Whether it can go on. One whose file never arrived cannot: the address for it was lost with whoever asked.
    pub(super) fn is_open(&self) -> bool {
        ["DRY_RUN", "READY", "RUNNING"].contains(&self.state.as_str())
    }

    /// Whether somebody let it run.
    pub(super) fn was_started(&self) -> bool {
        ["RUNNING", "DONE"].contains(&self.state.as_str())
    }
}

/// What was found in a row.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) row: u64,
    /// Place and fault of what kept the row out.
    pub(super) refused: Vec<String>,
    /// Why nobody can reach the person of the row.
    pub(super) unreachable: Option<String>,
}

/// The imports that an earlier run made of the same file, the latest first.
pub(super) async fn earlier(api: &Api, digest: &str) -> Result<Vec<Import>, String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/v1/imports?limit=100{cursor}")).await?;
        for view in page["items"].as_array().into_iter().flatten() {
            if text(&view["name"]).starts_with(&format!("Seed {digest}: ")) {
                found.push(Import::of(view)?);
            }
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(found),
        }
    }
}

/// Asks for an import and sends the file. `like` is one that tells the same as of the same time.
pub(super) async fn create(
    api: &Api,
    name: &str,
    file: &File,
    mapping: &Value,
    like: Option<&Import>,
) -> Result<Import, String> {
    let mut body = json!({
        "name": name,
        "format": "CSV",
        "bytes": file.bytes.len(),
        "mapping": mapping,
        "shift_days": file.shift_days,
    });
    if let Some(like) = like {
        body["as_of"] = json!(like.as_of);
    }
    let made = api.post("/v1/imports", &body).await?;
    api.upload(&made["upload"], file.bytes.clone()).await?;
    Import::of(&made["import"])
}

/// Waits for the end of the trial.
pub(super) async fn tried(api: &Api, import: Import, file: &File) -> Result<Import, String> {
    let import = match import.state.as_str() {
        "UPLOADING" => start(api, &import, true).await?,
        _ => import,
    };
    wait(api, import, file, "on trial", |state| state == "DRY_RUN").await
}

/// Lets it run and waits for the end; also how long that took, in seconds.
pub(super) async fn taken(
    api: &Api,
    import: Import,
    file: &File,
    what: &str,
) -> Result<(Import, f64), String> {
    let clock = Clock::system();
    let began = clock.now();
    let import = match import.state.as_str() {
        "READY" => start(api, &import, false).await?,
        _ => import,
    };
    let done = wait(api, import, file, what, |state| state == "RUNNING").await?;
    Ok((done, clock.now().duration_since(began).as_secs_f64()))
}

async fn start(api: &Api, import: &Import, dry_run: bool) -> Result<Import, String> {
    let view = api.post(&format!("/v1/imports/{}/start", import.id), &json!({ "dry_run": dry_run })).await?;
    Import::of(&view)
}

async fn wait(
    api: &Api,
    mut import: Import,
    file: &File,
    what: &str,
    working: impl Fn(&str) -> bool,
) -> Result<Import, String> {
    let bar = progress(file.bytes.len() as u64, what);
    while working(&import.state) {
        bar.set_position(import.read);
        tokio::time::sleep(Duration::from_millis(100)).await;
        import = Import::of(&api.get(&format!("/v1/imports/{}", import.id)).await?)?;
    }
    bar.finish_and_clear();
    match import.state.as_str() {
        "READY" | "RUNNING" | "DONE" => Ok(import),
        state => Err(format!("the import {} is {state}: {}", import.id, import.failure)),
    }
}

/// A bar on the terminal, if there is one.
pub(super) fn progress(length: u64, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:12} {wide_bar} {percent}% {eta}");
    let bar = ProgressBar::new(length).with_message(what.to_owned());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// All that was found in the rows.
pub(super) async fn findings(api: &Api, import: &Import) -> Result<Vec<Finding>, String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/v1/imports/{}/errors?limit=100{cursor}", import.id)).await?;
        for view in page["items"].as_array().into_iter().flatten() {
            let faults = view["refused"].as_array().into_iter().flatten();
            found.push(Finding {
                row: view["row"].as_u64().unwrap_or(0),
                refused: faults.map(|f| format!("{} {}", text(&f["at"]), text(&f["says"]))).collect(),
                unreachable: view["unreachable_because"].as_str().map(str::to_owned),
            });
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(found),
        }
    }
}

/// Puts away what was only a trial.
pub(super) async fn cancel(api: &Api, import: &Import) -> Result<(), String> {
    if import.was_started() {
        return Ok(());
    }
    api.post(&format!("/v1/imports/{}/cancel", import.id), &json!({})).await.map(|_| ())
}
