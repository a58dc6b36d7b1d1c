//! What is said on the way.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Options,
    file::{File, Shape},
    imports::{Finding, Import},
    text,
};

/// How many refused rows are shown.
const SHOWN: usize = 10;

#[expect(clippy::print_stdout, reason = "this is what the person who runs it reads")]
fn say(line: &str) {
    println!("{line}");
}

fn counted(counts: &Value) -> String {
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    let (created, updated) = (count("created"), count("updated"));
    let (unchanged, older) = (count("unchanged"), count("older"));
    let older = if older == 0 { String::new() } else { format!(", {older} older than what is known") };
    format!("{created} created, {updated} updated, {unchanged} unchanged{older}")
}

pub(super) fn file(options: &Options, file: &File, shape: &Shape<'_>) {
    say(&format!("file       {}: {} rows, {} people", options.file, file.rows, file.persons));
    say(&format!("source     {}", text(&file.mapping["source"])));
    say(&format!("visits     from {} on, moved by {} days", shape.first, file.shift_days));
    let missing = file.persons.saturating_sub(file.numbers.len());
    if options.with_contacts {
        let rest =
            if missing == 0 { String::new() } else { format!("; no number is left for {missing} people") };
        say(&format!("contacts   {} fictional names and numbers{rest}", file.numbers.len()));
    } else {
        say("contacts   none: give everybody a fictional name and number with --with-contacts");
    }
}

/// What the trial told.
pub(super) fn trial(import: &Import, findings: &[Finding]) {
    let trial = &import.trial;
    say(&format!("\ntrial      people: {}", counted(&trial["persons"])));
    say(&format!("           visits: {}", counted(&trial["appointments"])));
    let rounded = trial["rounded_ids"].as_u64().unwrap_or(0);
    if rounded > 0 {
        say(&format!(
            "           {rounded} ids were printed as rounded numbers: several people may have become one"
        ));
    }
    unreachable(findings);
    refused(findings);
}

fn unreachable(findings: &[Finding]) {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for reason in findings.iter().filter_map(|finding| finding.unreachable.as_deref()) {
        *reasons.entry(reason).or_default() += 1;
    }
    let all: u64 = reasons.values().sum();
    let reasons: Vec<_> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    say(&format!("           unreachable: {all} people{reasons}"));
}

fn refused(findings: &[Finding]) {
    let refused: Vec<_> = findings.iter().filter(|finding| !finding.refused.is_empty()).collect();
    say(&format!("           refused: {} rows", refused.len()));
    for finding in refused.iter().take(SHOWN) {
        say(&format!("             row {}: {}", finding.row, finding.refused.join("; ")));
    }
    if refused.len() > SHOWN {
        say(&format!("             and {} more", refused.len() - SHOWN));
    }
}

pub(super) fn people(import: &Import) {
    say(&format!("\npeople     {}", counted(&import.totals["persons"])));
}

pub(super) fn consents(recorded: usize) {
    say(&format!("consents   {recorded} people agree to messages about their care"));
}

/// The end.
pub(super) fn end(import: &Import, seconds: f64, findings: &[Finding]) {
    let totals = &import.totals;
    let rows = totals["rows"].as_u64().unwrap_or(0);
    say(&format!("\ndone       people: {}", counted(&totals["persons"])));
    say(&format!("           visits: {}", counted(&totals["appointments"])));
    unreachable(findings);
    say(&format!("           refused: {} rows", totals["refused"].as_u64().unwrap_or(0)));
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = rows as f64 / seconds.max(0.001);
    say(&format!("           {rows} rows in {seconds:.1} s: {rate:.0} rows/s"));
}
