//! R2: thousands of histories in which much goes wrong at once, each drawn from a seed.

use std::env;

use rstest::rstest;

use crate::{holds::Broken, world::World};

/// How many histories share a clinic; the time that settles them passes once for all.
const TOGETHER: u64 = 625;
/// How many tests share the histories, so that they run side by side.
const BATCHES: u64 = 16;
/// How many histories a run plays unless it is told otherwise.
const HISTORIES: u64 = 4_000;

pub(crate) async fn run(seeds: impl Iterator<Item = u64>) -> (u64, Vec<Broken>) {
    let mut seeds = seeds.peekable();
    let mut world = Box::pin(World::new(seeds.peek().copied().unwrap_or_default(), None)).await;
    for seed in seeds {
        world.plays(seed).await;
    }
    Box::pin(world.settles()).await
}

/// One history in a clinic of its own, with everything that was done.
async fn told_in_full(seed: u64) -> (Vec<String>, Vec<Broken>) {
    let mut world = Box::pin(World::new(seed, None)).await;
    world.read_along = Some(Vec::new());
    world.plays(seed).await;
    Box::pin(world.comes_to_rest()).await;
    (world.read_along.take().unwrap_or_default(), std::mem::take(&mut world.broken))
}

/// Prints what broke, with the history to read and how to play it again, and fails.
async fn fails(first: u64, broken: &[Broken]) {
    for broken in broken {
        eprintln!("seed {}: {} is broken: {}", broken.seed, broken.claim, broken.says);
    }
    let seed = broken.iter().map(|broken| broken.seed).find(|seed| *seed > 0).unwrap_or(first);
    let (lines, alone) = told_in_full(seed).await;
    for line in lines {
        eprintln!("{line}");
    }
    eprintln!("alone it breaks {} claims", alone.len());
    eprintln!("play it again: CRASH_SEED={seed} cargo nextest run -p tests --test crash one_history");
    panic!("{} promises were not kept, the first in the history of seed {seed}", broken.len());
}

fn told(name: &str) -> Option<u64> {
    env::var(name).ok()?.replace('_', "").parse().ok()
}

/// Two senders, cancellations, opt-outs, moved and called-off visits, replies, receipts before and after, lost
/// answers, kills: `CRASH_HISTORIES` says how many, from seed `CRASH_FROM` on.
///
/// D-07
#[rstest]
#[tokio::test]
async fn nothing_is_sent_twice_or_lost_or_against_what_was_said_before(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)] batch: u64,
) {
    let many = told("CRASH_HISTORIES").unwrap_or(HISTORIES).div_ceil(BATCHES);
    let from = told("CRASH_FROM").unwrap_or(1) + batch * many;
    let mut done = 0;
    while done < many {
        let first = from + done;
        let next = (first + TOGETHER).min(from + many);
        let (_, broken) = Box::pin(run(first..next)).await;
        if !broken.is_empty() {
            Box::pin(fails(first, &broken)).await;
        }
        done += next - first;
        if many > HISTORIES && done % (TOGETHER * 8) == 0 {
            eprintln!("batch {batch}: {done} of {many} histories held");
        }
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_trace() {
    let play = async |seeds: std::ops::Range<u64>| Box::pin(run(seeds)).await;
    let (first, broken) = play(7_001..7_031).await;
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!(first, play(7_001..7_031).await.0);
    assert_ne!(first, play(8_001..8_031).await.0);
}

/// The history of the seed in `CRASH_SEED`, call by call.
#[tokio::test]
async fn one_history_can_be_played_again() {
    let seed = told("CRASH_SEED").unwrap_or(1);
    let (lines, broken) = Box::pin(told_in_full(seed)).await;
    for line in &lines {
        eprintln!("{line}");
    }
    assert!(broken.is_empty(), "{broken:?}");
    assert!(lines.len() > 5, "a history is told call by call");
}
