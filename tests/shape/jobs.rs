//! Every job has somebody who does it.

use std::collections::BTreeMap;

use super::tree;

struct Found {
    file: String,
    name: String,
    r#type: String,
    lane: String,
}

/// Every `impl Job for …` outside of tests.
fn jobs() -> Vec<Found> {
    let mut found = Vec::new();
    for (file, text) in tree::files("shared", &[".rs"]).into_iter().chain(tree::files("functions", &[".rs"]))
    {
        if file.contains("/tests/") || file.ends_with("_tests.rs") {
            continue;
        }
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for part in product.split("impl Job for ").skip(1) {
            let value = |name: &str| {
                let line = part.lines().find(|line| line.trim().starts_with(&format!("const {name}:")));
                let line = line.unwrap_or_else(|| panic!("{file}: a job without {name}"));
                line.split('=').nth(1).unwrap_or_default().trim().trim_end_matches(';').to_owned()
            };
            let name = part.split([' ', '<', '{']).next().unwrap_or_default().to_owned();
            let lane = value("LANE").trim_start_matches("Lane::").to_lowercase();
            found.push(Found { file: file.clone(), name, r#type: value("TYPE"), lane });
        }
    }
    assert!(found.len() > 5, "the search for jobs is broken: {}", found.len());
    found
}

/// A lane is worked off by one function.
fn function_of(lane: &str) -> &str {
    if lane == "outbound" { "sender" } else { lane }
}

#[test]
fn every_job_is_read_by_the_function_of_its_lane() {
    for Found { file, name, r#type, lane } in jobs() {
        let function = function_of(&lane);
        let text: String =
            tree::files(&format!("functions/{function}/src"), &[".rs"]).into_iter().map(|(_, t)| t).collect();
        let sign = if r#type.starts_with('"') { format!("read::<{name}>") } else { r#type };
        assert!(
            text.contains(&sign),
            "{file}: nobody in functions/{function} does {name}: `{sign}` is missing"
        );
    }
}

#[test]
fn every_job_has_a_name_of_its_own_with_a_version() {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for Found { file, name, r#type, .. } in jobs() {
        let Some(wire) = r#type.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { continue };
        let (word, version) = wire.rsplit_once('.').unwrap_or_default();
        let snake = word.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !word.is_empty();
        assert!(
            snake && version.parse::<u32>().is_ok(),
            "{file}: {wire} is not of the form send_requested.1"
        );
        let before = names.insert(wire.to_owned(), name.clone());
        assert_eq!(before, None, "{file}: {wire} is the name of two jobs");
    }
}
