//! Figures that need no release build: what happens in a minute in which much is due, and what lists cost however much
//! stands in them. `cargo test` tries them small; `scripts/bench` sets their size and reads the lines they print.
#![expect(clippy::unwrap_used, reason = "what does not go as it should ends the test")]

mod lists;
mod minute;
mod slow;

/// A size from the environment, or the small one that every run of the tests takes.
fn size(variable: &str, small: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(small)
}

/// Prints a figure as `scripts/bench` reads it.
fn figure(name: &str, value: impl std::fmt::Display) {
    eprintln!("figure: {name} {value}");
}
