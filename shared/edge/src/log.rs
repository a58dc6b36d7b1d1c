//! The log of a function: one line of JSON per event, ids only.

use tracing::level_filters::LevelFilter;

/// Begins to log. `RUST_LOG` names the level (`debug`, `info`, `warn` …), `info` if it does not. A panic is
/// logged by its place: what it says may hold anything.
pub fn log() {
    let level =
        std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    // The platform stamps each line with its time.
    let lines = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .without_time()
        .with_max_level(level)
        .finish();
    // Already logging, as in a process that holds several functions, is as good.
    let _ = tracing::subscriber::set_global_default(lines);
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic.location().map_or(("?", 0), |place| (place.file(), place.line()));
        tracing::error!(panic.file = file, panic.line = line, "the program met a case it holds impossible");
    }));
}
