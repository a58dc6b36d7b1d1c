//! Who may look at whom.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand};

/// Each crate that is part of a function, and the crates of ours it may look at. What is not named here is not
/// allowed; a new crate gets its line.
const MAY_LOOK_AT: [(&str, &str); 15] = [
    ("kernel", ""),
    ("table", "kernel"),
    ("embedded", "kernel table"),
    ("platform", "kernel table"),
    ("aws", "kernel table platform"),
    ("access", "kernel table platform"),
    ("audit", "kernel table platform access"),
    ("edge", "kernel table platform access audit"),
    ("providers", "kernel"),
    ("people", "kernel table platform access audit"),
    ("templates", "kernel table platform access audit"),
    ("consent", "kernel table platform access audit people"),
    ("wallet", "kernel table platform access audit people"),
    ("messaging", "kernel table platform access audit people templates consent wallet providers"),
    ("automations", "kernel table platform access audit people templates consent wallet messaging"),
];

/// What stands in for the cloud in tests and in `local`.
const FOR_TESTS: [&str; 2] = ["embedded", "testkit"];
/// They put everything together: whatever is above.
const ABOVE_ALL: [&str; 3] = ["local", "testkit", "tests"];

/// Crates of others that only some of ours may use, so that what they know stays in one place.
const KEPT_TO: [(&str, &[&str]); 7] = [
    ("aws-sdk-dynamodb", &["table", "embedded", "aws", "testkit"]),
    ("aws-sdk-sqs", &["aws"]),
    ("aws-sdk-s3", &["aws"]),
    ("aws-sdk-secretsmanager", &["aws"]),
    ("lambda_runtime", &["edge"]),
    ("lambda_http", &["edge"]),
    ("reqwest", &["aws", "local"]),
];

struct Arrow {
    from: String,
    to: String,
    kind: DependencyKind,
}

fn arrows() -> Vec<Arrow> {
    let mut command = MetadataCommand::new();
    command.manifest_path(super::tree::root().join("Cargo.toml")).no_deps();
    command.features(CargoOpt::AllFeatures).other_options(["--offline".to_owned()]);
    let mut arrows = Vec::new();
    for package in command.exec().expect("cargo describes the workspace").packages {
        for dependency in package.dependencies {
            let (from, to) = (package.name.to_string(), dependency.name);
            arrows.push(Arrow { from, to, kind: dependency.kind });
        }
    }
    arrows
}

#[test]
fn crates_look_in_one_direction() {
    let shared = super::tree::crates("shared");
    let functions = super::tree::crates("functions");
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        MAY_LOOK_AT.into_iter().map(|(from, to)| (from, to.split_whitespace().collect())).collect();
    let mut listed: Vec<&str> = allowed.keys().copied().chain(["testkit"]).collect();
    listed.sort_unstable();
    assert_eq!(shared, listed, "shared/ and the list of who may look at whom differ");
    let ours = |name: &String| shared.contains(name) || functions.contains(name) || name == "tests";
    let mut wrong = Vec::new();
    for Arrow { from, to, kind } in arrows() {
        if !ours(&to) {
            continue;
        }
        let for_tests = kind == DependencyKind::Development;
        let fine = match from.as_str() {
            // The world around a function that is measured.
            "bench" => to == "testkit" || !ABOVE_ALL.contains(&to.as_str()),
            top if ABOVE_ALL.contains(&top) => for_tests || !ABOVE_ALL.contains(&to.as_str()),
            function if functions.contains(&from) => {
                let beside = functions.contains(&to) && to != function;
                !beside && (for_tests || !FOR_TESTS.contains(&to.as_str()))
            }
            shared => {
                allowed[shared].contains(to.as_str()) || (for_tests && FOR_TESTS.contains(&to.as_str()))
            }
        };
        if !fine {
            wrong.push(format!("{from} must not look at {to}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nobody_can_look_in_a_circle() {
    let mut above: BTreeSet<&str> = BTreeSet::new();
    let mut left: Vec<_> = MAY_LOOK_AT.to_vec();
    while !left.is_empty() {
        let before = left.len();
        left.retain(|(name, to)| {
            let known = to.split_whitespace().all(|to| above.contains(to));
            if known {
                above.insert(name);
            }
            !known
        });
        assert!(left.len() < before, "a circle among {left:?}");
    }
}

#[test]
fn what_talks_to_the_outside_is_kept_in_few_crates() {
    let mut wrong = Vec::new();
    for Arrow { from, to, kind } in arrows() {
        let kept = KEPT_TO.iter().find(|(name, _)| *name == to);
        if let Some((_, by)) = kept
            && kind == DependencyKind::Normal
            && !by.contains(&from.as_str())
        {
            wrong.push(format!("{from} must not use {to}: only {by:?} may"));
        }
        let reads_nothing =
            from == "providers" && ["tokio", "reqwest", "axum", "futures"].contains(&to.as_str());
        if reads_nothing && kind == DependencyKind::Normal {
            wrong.push(format!("providers is pure and must not use {to}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
