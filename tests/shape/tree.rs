//! The files of the project as text.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What git does not keep, and what others wrote.
const PASSED_OVER: [&str; 6] = ["target", ".git", ".tools", ".data", ".aws-sam", "__pycache__"];

/// The folder of the whole project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the project")
}

/// A file of the project by its path from there.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below a folder with one of the endings: its path from the project's folder, and its text.
pub(crate) fn files(below: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root().join(below), endings, &mut found);
    found.sort_unstable();
    assert!(!found.is_empty(), "nothing below {below} ends in {endings:?}");
    let path = |path: &Path| path.strip_prefix(root()).expect("found below it").display().to_string();
    found.iter().map(|file| (path(file), fs::read_to_string(file).unwrap_or_default())).collect()
}

/// The names of the folders in a folder that are crates.
pub(crate) fn crates(below: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(below)).unwrap().map(Result::unwrap);
    let mut names: Vec<_> = entries
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

fn walk(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !PASSED_OVER.contains(&name) {
                walk(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}
