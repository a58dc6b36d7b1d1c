//! The log of a function: one line of JSON per event, ids only.

use std::fmt::{Debug, Write as _};

use serde_json::Value;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt as _},
    registry,
};

/// What we stand on; at finer levels it writes down whole requests, and with them the data of patients.
const OTHERS: [&str; 6] = ["aws", "h2", "hyper", "lambda", "rustls", "tower"];

/// The target of events whose message is a line as it is to be written.
pub(crate) const READY: &str = "edge::ready";

/// Writes an event as a line: level, sentence, fields by their dotted names, and the trace of the call it is from.
/// The platform stamps it with the time.
struct Lines<W>(W);

#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

/// A text in JSON.
fn quoted(text: &str) -> Value {
    Value::from(text)
}

impl Fields {
    fn put(&mut self, field: &Field, value: &dyn std::fmt::Display) {
        // `r#type` is written so for the compiler alone.
        let name = field.name().replace("r#", "");
        let _ = write!(self.rest, ",{}:{value}", quoted(&name));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, &Value::from(value));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, &value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, &value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, &value);
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.put(field, &quoted(value));
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl<S: Subscriber, W: Fn(&str) + 'static> Layer<S> for Lines<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = if event.metadata().target() == READY {
            fields.message
        } else {
            let (level, message) = (event.metadata().level(), quoted(&fields.message));
            let trace = platform::trace();
            let trace = trace.map(|trace| format!(",\"trace\":{}", quoted(&trace))).unwrap_or_default();
            format!("{{\"level\":\"{level}\",\"message\":{message}{}{trace}}}", fields.rest)
        };
        line.push('\n');
        (self.0)(&line);
    }
}

/// What writes the log: takes each line whole.
pub fn lines_to(
    level: LevelFilter,
    write: impl Fn(&str) + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let ours = OTHERS.iter().fold(Targets::new().with_default(level), |targets, other| {
        targets.with_target(*other, level.min(LevelFilter::WARN))
    });
    registry().with(Lines(write).with_filter(ours))
}

/// Begins to log. `RUST_LOG` names the level (`debug`, `info`, `warn` …), `info` if it does not. A panic is
/// logged by its place: what it says may hold anything.
pub fn log() {
    let level =
        std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let write = |line: &str| {
        // Whoever reads the log may have gone away; that is no reason to stop working.
        let _ = std::io::Write::write_all(&mut std::io::stdout().lock(), line.as_bytes());
    };
    // Already logging, as in a process that holds several functions, is as good.
    let _ = tracing::subscriber::set_global_default(lines_to(level, write));
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic.location().map_or(("?", 0), |place| (place.file(), place.line()));
        tracing::error!(panic.file = file, panic.line = line, "the program met a case it holds impossible");
    }));
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    use crate::{Callers, Door, Json, Path, Problem, Query};
    use crate::{OpenApiRouter, routes};
    use axum::{body::Body, http::Request};
    use kernel::Clock;
    use platform::{Platform, Settings, inside::Nothing};
    use serde::Deserialize;
    use tower::ServiceExt as _;

    /// Takes up what is logged.
    #[derive(Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<String>>);

    impl Lines {
        /// Takes up everything that this thread logs as long as the guard lives.
        pub(crate) fn taken(&self) -> tracing::subscriber::DefaultGuard {
            let lines = self.0.clone();
            let write = move |line: &str| lines.lock().unwrap().push_str(line);
            tracing::subscriber::set_default(lines_to(LevelFilter::TRACE, write))
        }

        pub(crate) fn text(&self) -> String {
            self.0.lock().unwrap().clone()
        }

        /// Each line, which has to be JSON.
        pub(crate) fn json(&self) -> Vec<Value> {
            self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    #[test]
    fn a_line_is_json_whatever_is_in_it() {
        let lines = Lines::default();
        let _log = lines.taken();
        let says = "a \"quoted\"\nword";
        tracing::warn!(job.r#type = %says, job.tries = 3, call.ok = true, rate = 0.5, none = None::<u8>, "{says}");
        let expected = serde_json::json!({ "level": "WARN", "message": says, "job.type": says, "job.tries": 3,
            "call.ok": true, "rate": 0.5 });
        assert_eq!(lines.json(), [expected]);
    }

    #[derive(Debug, Deserialize, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Person {
        name: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Search {
        name: Option<String>,
    }

    #[utoipa::path(post, path = "/people/{name}", request_body = Person, extensions(("x-access" = json!("public"))), responses((status = 200)))]
    async fn greet(
        Path(name): Path<String>,
        Query(search): Query<Search>,
        Json(person): Json<Person>,
    ) -> Result<String, Problem> {
        assert!(search.name.is_none(), "{name} is not {}", person.name);
        Ok(name)
    }

    #[tokio::test]
    async fn names_in_path_query_headers_and_body_stay_out_of_the_log() {
        let lines = Lines::default();
        let _log = lines.taken();

        let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 7);
        let nothing = Arc::new(Nothing);
        let platform = Platform {
            clock: clock.clone(),
            table: embedded::table(clock).await,
            queue: nothing.clone(),
            files: nothing.clone(),
            secrets: nothing.clone(),
            http: nothing,
            settings: Arc::new(Settings::from(|_| Some("test".to_owned())).unwrap()),
        };
        let router = OpenApiRouter::new().routes(routes!(greet));
        let router = Door::new(&platform, Callers::Nobody).open(router).unwrap();
        for (path, body, status) in [
            ("/people/canary", r#"{"name":"canary"}"#, 200),
            ("/people/canary?name=canary", r#"{"name":"canary"}"#, 500),
            ("/people/canary?canary=1", r#"{"name":"canary"}"#, 422),
            ("/people/canary", r#"{"name":["canary"]}"#, 422),
            ("/people/canary", "canary", 400),
            ("/canary", "", 404),
        ] {
            let request = Request::post(path)
                .header("content-type", "application/json")
                .header("x-clinic", "canary")
                .header("user-agent", "canary")
                .body(Body::from(body))
                .unwrap();
            assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{path}");
        }
        let text = lines.text();
        assert_eq!(text.matches("was answered").count(), 6);
        assert!(!text.contains("canary"), "{text}");
        let longest = text.lines().map(str::len).max().unwrap();
        assert!(longest < 300, "{longest} bytes");
    }
}
