//! `features.md` lists what has landed; a row is there if and only if a test names it.

use std::collections::{BTreeMap, BTreeSet};

use super::tree;

/// The rows in a line of text: a capital, a dash, two digits, standing alone.
fn rows(line: &str) -> Vec<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let words = line.split(|c: char| !part(c));
    let is_row = |word: &&str| {
        let bytes = word.as_bytes();
        bytes.len() == 4
            && bytes[0].is_ascii_uppercase()
            && bytes[1] == b'-'
            && bytes[2].is_ascii_digit()
            && bytes[3].is_ascii_digit()
    };
    words.filter(is_row).map(str::to_owned).collect()
}

/// Each row that stands in a comment directly above a test, with the tests that name it.
fn named() -> BTreeMap<String, Vec<String>> {
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in tree::files("", &[".rs"]) {
        let (mut above, mut is_test) = (Vec::new(), false);
        for line in text.lines().map(str::trim) {
            if line.starts_with("//") {
                above.extend(rows(line));
            } else if line.starts_with("#[") {
                is_test |= line.contains("test") || line.contains("rstest");
            } else if let Some(name) =
                line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")).filter(|_| is_test)
            {
                let name = name.split('(').next().unwrap_or_default();
                for row in above.drain(..) {
                    named.entry(row).or_default().push(format!("{path}: {name}"));
                }
                is_test = false;
            } else if !is_test || line.is_empty() {
                // Lines between an attribute and its function belong to the attribute.
                (above, is_test) = (Vec::new(), false);
            }
        }
    }
    named
}

#[test]
fn the_list_of_features_is_what_tests_name() {
    let named = named();
    assert!(named.len() > 20, "the search for rows is broken: {named:?}");
    let mut listed = BTreeSet::new();
    let mut last = String::new();
    for line in tree::read("tests/features.md").lines().filter(|line| line.starts_with("- ")) {
        let row = rows(line).into_iter().next().unwrap_or_else(|| panic!("`{line}` has no row"));
        assert!(
            line.starts_with(&format!("- {row} ")) && line.len() > 20,
            "`{line}`: - A-01 what a user gets"
        );
        assert!(row > last, "{row} stands after {last}");
        last.clone_from(&row);
        listed.insert(row);
    }
    let missing: Vec<_> = named.iter().filter(|(row, _)| !listed.contains(*row)).collect();
    let gone: Vec<_> = listed.iter().filter(|row| !named.contains_key(*row)).collect();
    assert!(missing.is_empty(), "tests name these rows and tests/features.md does not: {missing:#?}");
    assert!(gone.is_empty(), "tests/features.md lists these rows and no test names them: {gone:?}");
}

#[test]
fn rows_are_told_from_other_words() {
    assert_eq!(rows("/// A-07, A-38: the price (E-33)."), ["A-07", "A-38", "E-33"]);
    assert!(rows("// UTF-8, SHA-256, RFC-22, AA-07, A-7, A-077, x_A-07").is_empty());
}
