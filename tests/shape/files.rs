//! House rules that a reader of any single file relies on.

use super::tree;

const LONGEST: usize = 600;
/// Written so that this file does not find itself.
const NOT_LEFT_BEHIND: [&str; 7] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("dbg", "!("),
    concat!("[", "allow("),
    concat!("#[", "ignore"),
];
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "services"];
const EMPTY_ENDINGS: [&str; 4] = ["_impl", "_v2", "_new", "_old"];
const EMPTY_TYPES: [&str; 6] = ["Manager", "Helper", "Helpers", "Util", "Utils", "Impl"];
const CODE: [&str; 6] = [".rs", ".py", ".sh", ".js", ".css", ".html"];

#[test]
fn no_file_of_code_is_longer_than_a_reader_can_hold() {
    let mut long = Vec::new();
    for (path, text) in tree::files("", &CODE) {
        let lines = text.lines().count();
        if lines > LONGEST {
            long.push(format!("{path} has {lines} lines; {LONGEST} are the most"));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_name_says_what_is_inside() {
    let mut empty = Vec::new();
    for (path, text) in tree::files("", &CODE) {
        let words = path.split(['/', '.']);
        let bad =
            |word: &&str| EMPTY_NAMES.contains(word) || EMPTY_ENDINGS.iter().any(|end| word.ends_with(end));
        empty.extend(words.filter(bad).map(|word| format!("{path}: `{word}` says nothing")));
        if std::path::Path::new(&path).extension().is_none_or(|kind| kind != "rs") {
            continue;
        }
        for line in text.lines() {
            let mut words = line.split_whitespace().skip_while(|w| w.starts_with("pub")).take(2);
            let (Some(word), Some(name)) = (words.next(), words.next()) else { continue };
            let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            let of_type = ["struct", "enum", "trait", "type"].contains(&word);
            let of_module = word == "mod"
                && (EMPTY_NAMES.contains(&name) || EMPTY_ENDINGS.iter().any(|e| name.ends_with(e)));
            if of_module || (of_type && EMPTY_TYPES.iter().any(|end| name.ends_with(end))) {
                empty.push(format!("{path}: `{name}` says nothing"));
            }
        }
    }
    assert!(empty.is_empty(), "{}", empty.join("\n"));
}

#[test]
fn nothing_is_left_for_later_or_silenced() {
    let mut left = Vec::new();
    for (path, text) in tree::files("", &CODE) {
        for (index, line) in text.lines().enumerate() {
            for sign in NOT_LEFT_BEHIND.iter().filter(|sign| line.contains(*sign)) {
                left.push(format!("{path}:{} has {sign}", index + 1));
            }
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn the_scripts_can_be_run_and_say_what_they_do() {
    use std::os::unix::fs::PermissionsExt as _;
    for name in ["dev", "test", "seed", "stack", "deploy", "tools", "bench"] {
        let path = tree::root().join("scripts").join(name);
        let mode =
            path.metadata().unwrap_or_else(|error| panic!("scripts/{name}: {error}")).permissions().mode();
        assert!(mode & 0o111 == 0o111, "scripts/{name} cannot be run");
        let text = tree::read(&format!("scripts/{name}"));
        let says = text.lines().nth(1).unwrap_or_default().trim_matches('"');
        assert!(
            says.len() > 20 && says.contains('.'),
            "scripts/{name} does not say what it does in its second line"
        );
    }
}
