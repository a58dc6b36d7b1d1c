//! The log of a function: one line of JSON per event, ids only.

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer as _, filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _, registry};

/// What we stand on; at finer levels it writes down whole requests, and with them the data of patients.
const OTHERS: [&str; 6] = ["aws", "h2", "hyper", "lambda", "rustls", "tower"];

/// One line of JSON per event. The platform stamps it with the time.
fn lines_to<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let ours = OTHERS.iter().fold(Targets::new().with_default(level), |targets, other| {
        targets.with_target(*other, level.min(LevelFilter::WARN))
    });
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .without_time()
        .with_writer(writer);
    registry().with(lines.with_filter(ours))
}

/// Begins to log. `RUST_LOG` names the level (`debug`, `info`, `warn` …), `info` if it does not. A panic is
/// logged by its place: what it says may hold anything.
pub fn log() {
    let level =
        std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    // Already logging, as in a process that holds several functions, is as good.
    let _ = tracing::subscriber::set_global_default(lines_to(level, std::io::stdout));
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic.location().map_or(("?", 0), |place| (place.file(), place.line()));
        tracing::error!(panic.file = file, panic.line = line, "the program met a case it holds impossible");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use crate::{Callers, Door, Json, Path, Problem, Query};
    use axum::{body::Body, http::Request};
    use kernel::Clock;
    use platform::{Platform, Settings, inside::Nothing};
    use serde::Deserialize;
    use tower::ServiceExt as _;
    use utoipa_axum::{router::OpenApiRouter, routes};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
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
        let writer = lines.clone();
        let _log = tracing::subscriber::set_default(lines_to(LevelFilter::TRACE, move || writer.clone()));

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
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("a request was answered").count(), 6);
        assert!(!text.contains("canary"), "{text}");
        let longest = text.lines().map(str::len).max().unwrap();
        assert!(longest < 300, "{longest} bytes");
    }
}
