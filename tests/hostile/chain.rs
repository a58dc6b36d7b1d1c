//! Somebody with access to the table changes the audit log: every change to what is sealed is found.

use audit::{Actor, Entry, Head, Link, Seal};
use kernel::{ClinicId, Clock, EventId, Id as _, PersonId};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::dice::{Dice, tries};

#[derive(Clone, PartialEq)]
struct Log {
    entries: Vec<Entry>,
    seals: Vec<Seal>,
    head: Option<Head>,
}

async fn log(clinic: ClinicId, seed: u64, sizes: &[usize]) -> Log {
    let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), seed);
    let table = embedded::table(clock.clone()).await.of(clinic);
    let mut log = Log { entries: Vec::new(), seals: Vec::new(), head: None };
    let mut link = Link::first(clinic);
    for size in sizes {
        let from = log.entries.len();
        for n in 0..*size {
            clock.advance(jiff::SignedDuration::from_millis(3));
            let patient = PersonId::derived(&[&n.to_string()]);
            let deed = Actor::system("tests").did("thing.done").patient(patient).change("n", 0i64, 1i64);
            log.entries.push(deed.entry(&table));
        }
        let fresh: Vec<_> = log.entries[from..].iter().collect();
        let (seal, next) = link.seal(clock.now(), &fresh).unwrap();
        log.seals.push(seal);
        link = next;
    }
    log.head = Some(link.head());
    log
}

/// As a log is followed: what lies between two seals belongs to the second.
fn is_sound(clinic: ClinicId, log: &Log) -> bool {
    let mut entries: Vec<_> = log.entries.iter().collect();
    entries.sort_by_key(|entry| entry.id);
    let mut link = Link::first(clinic);
    for seal in &log.seals {
        let covers = |entry: &&&Entry| entry.id > link.through && entry.id <= seal.through;
        let covered: Vec<_> = entries.iter().filter(covers).copied().collect();
        match link.follow(seal, &covered) {
            Ok(next) => link = next,
            Err(_) => return false,
        }
    }
    log.head.as_ref() == Some(&link.head())
}

/// Another value somewhere in a record; nothing if the record could not be read any more.
fn edited<T: Serialize + DeserializeOwned>(record: &T, dice: &mut Dice) -> Option<T> {
    let mut value = serde_json::to_value(record).unwrap();
    let mut count = 0;
    walk(&mut value, &mut |_| count += 1);
    let (wanted, mut at) = (dice.below(count), 0);
    let word = dice.below(4);
    walk(&mut value, &mut |leaf| {
        if at == wanted {
            *leaf = match &*leaf {
                Value::String(text) if word == 0 => json!(format!("{text}x")),
                Value::String(text) if word == 1 => json!(text.chars().rev().collect::<String>()),
                Value::String(text) if word == 2 => json!(text.replace('0', "1")),
                Value::String(_) => json!(EventId::LAST.to_string()),
                Value::Number(number) => json!(number.as_i64().unwrap_or(0) + 1),
                Value::Bool(flag) => json!(!flag),
                _ => json!(1),
            };
        }
        at += 1;
    });
    serde_json::from_value(value).ok()
}

fn walk(value: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(values) if !values.is_empty() => {
            for each in values {
                walk(each, visit);
            }
        }
        Value::Object(map) if !map.is_empty() => {
            for (_, each) in map.iter_mut() {
                walk(each, visit);
            }
        }
        leaf => visit(leaf),
    }
}

fn harm(log: &mut Log, other: &Log, dice: &mut Dice) {
    if log.entries.is_empty() || log.seals.is_empty() {
        return;
    }
    let (a, b) = (dice.below(log.entries.len()), dice.below(log.entries.len()));
    let (s, t) = (dice.below(log.seals.len()), dice.below(log.seals.len()));
    match dice.below(12) {
        0 | 1 => {
            if let Some(entry) = edited(&log.entries[a], dice) {
                log.entries[a] = entry;
            }
        }
        2 => drop(log.entries.remove(a)),
        3 => {
            let (first, second) = (log.entries[a].id, log.entries[b].id);
            (log.entries[a].id, log.entries[b].id) = (second, first);
        }
        4 => {
            let mut copy = log.entries[a].clone();
            copy.id = Clock::fixed(copy.at, 1 + b as u64).id();
            log.entries.push(copy);
        }
        5 => log.entries[a] = other.entries[b % other.entries.len()].clone(),
        6 => {
            if let Some(seal) = edited(&log.seals[s], dice) {
                log.seals[s] = seal;
            }
        }
        7 => drop(log.seals.remove(s)),
        8 => log.seals.swap(s, t),
        9 => log.seals[s] = other.seals[t % other.seals.len()].clone(),
        10 => {
            // The end is cut off, entries, seals and all but the head.
            log.seals.truncate(s);
            let end = log.seals.last().map_or(EventId::FIRST, |seal| seal.through);
            log.entries.retain(|entry| entry.id <= end);
        }
        _ => log.head = log.head.as_ref().and_then(|head| edited(head, dice)),
    }
}

///
#[tokio::test]
async fn every_edit_deletion_swap_splice_and_cut_of_the_audit_log_is_found() {
    let (ours, theirs) = (ClinicId::derived(&["ours"]), ClinicId::derived(&["theirs"]));
    let sound = log(ours, 1, &[1, 4, 2, 3]).await;
    let other = [log(theirs, 2, &[2, 3, 2, 3]).await, log(ours, 3, &[2, 3, 2, 3]).await];
    assert!(is_sound(ours, &sound) && is_sound(theirs, &other[0]) && !is_sound(ours, &other[0]));
    let in_order = |log: &Log| {
        let mut log = log.clone();
        log.entries.sort_by_key(|entry| entry.id);
        log
    };
    let (mut dice, mut harmed) = (Dice::new(12), 0);
    for _ in 0..tries(20_000) {
        let mut log = sound.clone();
        for _ in 0..=dice.below(2) {
            let from = dice.below(2);
            harm(&mut log, &other[from], &mut dice);
        }
        let same = in_order(&log) == sound;
        harmed += usize::from(!same);
        let after =
            log.entries.iter().filter(|entry| entry.id > sound.entries[sound.entries.len() - 1].id).count();
        if after > 0 && log.seals == sound.seals && log.head == sound.head {
            // What stands behind the last seal is not sealed yet.
            continue;
        }
        assert_eq!(is_sound(ours, &log), same);
    }
    assert!(harmed > tries(15_000), "{harmed}");
}
