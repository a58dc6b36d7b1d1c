//! Histories in which much goes wrong at once, and what must hold in each of them.
//!
//! Everything follows from a seed: who runs when, who dies where, what the provider does, what happens to the
//! patient and the visit meanwhile. A history that fails names its seed and can be run alone.
#![expect(clippy::unwrap_used, reason = "everything here is a test: what does not go as it should ends it")]

mod dice;
mod history;
mod world;

use rstest::rstest;
use world::World;

/// How many histories share a clinic; the time that settles them passes once for all.
const TOGETHER: u64 = 125;

async fn run(seeds: std::ops::Range<u64>) -> u64 {
    let mut world = World::new(seeds.start).await;
    for seed in seeds {
        Box::pin(world.plays(seed)).await;
    }
    Box::pin(world.settles()).await
}

/// Two senders, cancellations, opt-outs, moved visits, receipts before and after, lost answers, kills.
///
/// D-07
#[rstest]
#[tokio::test]
async fn nothing_is_sent_twice_or_lost_or_against_what_was_said_before(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)] batch: u64,
) {
    run(batch * TOGETHER + 1..(batch + 1) * TOGETHER + 1).await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_history() {
    assert_eq!(run(7_001..7_021).await, run(7_001..7_021).await);
    assert_ne!(run(7_001..7_021).await, run(8_001..8_021).await);
}
