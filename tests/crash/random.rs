//! R2: thousands of histories in which much goes wrong at once, each drawn from a seed.

use std::{
    collections::BTreeSet,
    env,
    sync::{Mutex, PoisonError},
    thread,
};

use rstest::rstest;

use crate::{holds::Broken, world::World};

/// How many histories share a clinic, at most; the time that settles them passes once for all.
const TOGETHER: u64 = 625;
/// How many tests share the histories, so that they run side by side.
const BATCHES: u64 = 16;
/// How many histories every run plays.
const HISTORIES: u64 = 10_000;

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

/// Plays the histories of these seeds in worlds of their own, and fails with the first that does not hold.
async fn hold(seeds: std::ops::Range<u64>) {
    let first = seeds.start;
    let (_, broken) = Box::pin(run(seeds)).await;
    if !broken.is_empty() {
        Box::pin(fails(first, &broken)).await;
    }
}

/// Two senders, cancellations, opt-outs, moved and called-off visits, replies, receipts before and after, lost
/// answers, kills.
///
/// D-07
#[rstest]
#[tokio::test]
async fn nothing_is_sent_twice_or_lost_or_against_what_was_said_before(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)] batch: u64,
) {
    let first = 1 + batch * HISTORIES / BATCHES;
    Box::pin(hold(first..first + HISTORIES / BATCHES)).await;
}

/// As many more as `CRASH_HISTORIES` says, from the seed `CRASH_FROM` on, on all cores; none unless it says so.
#[test]
fn as_many_histories_hold_as_there_is_time_for() {
    let Some(many) = told("CRASH_HISTORIES") else { return };
    let from = told("CRASH_FROM").unwrap_or(1);
    let end = from + many;
    // Where the next world begins, and where those begin that are being played.
    let state = Mutex::new((from, BTreeSet::new()));
    let held = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let next = || {
        let mut state = held();
        let first = state.0;
        state.0 = (first + TOGETHER).min(end);
        (first < end).then(|| {
            state.1.insert(first);
            first..state.0
        })
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let work = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                while let Some(seeds) = next() {
                    let first = seeds.start;
                    runtime.block_on(Box::pin(hold(seeds)));
                    let mut state = held();
                    state.1.remove(&first);
                    let all = state.1.first().copied().unwrap_or(state.0);
                    let left = end - all;
                    eprintln!(
                        "{} of {many} held; the rest: CRASH_FROM={all} CRASH_HISTORIES={left}",
                        all - from
                    );
                }
            };
            // Handlers in handlers: the stack of a test is too small for them without optimisation.
            thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, work).unwrap();
        }
    });
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
