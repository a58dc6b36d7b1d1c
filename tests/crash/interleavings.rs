//! R5: a sender and somebody who ends or moves things, in every order of their calls.

use audit::Actor;
use consent::{
    Scope,
    ledger::{Evidence, Method},
};
use people::appointments::{self, Change};
use rstest::rstest;
use testkit::{Turns, hours, staff};

use crate::{
    cast::{Cast, SENDERS, Stage},
    history::{Cause, History, Meanwhile},
    world::{Played, Told, World, nobody_was_told_too_late},
};

/// What the other does; whether it was told that it is done.
async fn does(stage: &Stage, meanwhile: Meanwhile, cast: &Cast) -> bool {
    let now = stage.house.clock.now();
    let actor = Actor::patient(cast.person);
    match meanwhile {
        Meanwhile::Cancel => messaging::cancel(&stage.table, &staff(), cast.message, None).await.is_ok(),
        Meanwhile::OptOut => {
            let evidence = Evidence::of(Method::Verbal, now);
            let person = Some(cast.person);
            consent::opt_out(&stage.table, &cast.address, person, Scope::All, &actor, evidence).await.is_ok()
        }
        Meanwhile::Move => {
            let by = if cast.cause == Cause::Reminder { hours(3) } else { hours(48) };
            let change =
                Change::Move { starts_at: now + by, ends_at: None, location: None, practitioner: None };
            stage.changes(cast, &change).await
        }
        Meanwhile::CallOff => {
            let change = Change::Status { to: appointments::Status::Cancelled, reason: None };
            stage.changes(cast, &change).await
        }
        Meanwhile::Nothing | Meanwhile::Writes(_) => unreachable!("nobody else makes calls"),
    }
}

/// Plays one order; gives back how many calls each has made, and whether a provider was called.
async fn play(
    world: &mut World,
    seed: u64,
    history: &History,
    order: Option<Vec<&'static str>>,
) -> (usize, usize, bool) {
    let cast = world.stage.casts(seed, history).await;
    let stage = &world.stage;
    let sender = &stage.senders[0];
    sender.fuse.arm(None, 0);
    stage.others.arm(None, 0);
    stage.trace.take();
    let batch = [stage.request(cast.message)];
    let mut told = Told::default();
    let other =
        async { Box::pin(stage.others.run(does(stage, history.meanwhile, &cast))).await == Some(true) };
    let done = if let Some(order) = order {
        let turns = Turns::new(order);
        sender.fuse.takes_turns(&turns);
        stage.others.takes_turns(&turns);
        tokio::join!(sender.works(&stage.house, &batch, 1), other).1
    } else {
        // One after the other, to count.
        sender.works(&stage.house, &batch, 1).await;
        other.await
    };
    match history.meanwhile {
        Meanwhile::Cancel => told.taken_back = done,
        Meanwhile::OptOut => told.stopped = done,
        Meanwhile::Move => told.moved = done,
        Meanwhile::CallOff => told.called_off = done,
        Meanwhile::Nothing | Meanwhile::Writes(_) => {}
    }
    let calls = stage.trace.take();
    let lengths = (sender.fuse.calls(), stage.others.calls());
    let sent = calls.iter().any(|call| call.sends() && call.who == SENDERS[0]);
    let late = nobody_was_told_too_late(history, &cast, &calls);
    assert!(
        late.is_ok(),
        "{late:?}\n{}",
        calls.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    );
    world.played.push(Played { seed, history: history.clone(), cast, told });
    (lengths.0, lengths.1, sent)
}

/// A message of staff: every order of the calls of both.
///
/// A-38, D-07
#[rstest]
#[case(Meanwhile::Cancel)]
#[case(Meanwhile::OptOut)]
#[case(Meanwhile::Move)]
#[case(Meanwhile::CallOff)]
#[tokio::test]
async fn no_order_lets_a_provider_be_called_after_what_was_said_before(#[case] meanwhile: Meanwhile) {
    let mut history = History::calm();
    history.meanwhile = meanwhile;
    let mut world = Box::pin(World::new(1, None)).await;
    let (sender, _, sent) = Box::pin(play(&mut world, 1, &history, None)).await;
    assert!(sent, "alone it is sent");
    // The other's calls, counted while the message could still be stopped.
    let first = [vec!["others"; 20], vec![SENDERS[0]; 20]].concat();
    let (_, others, sent) = Box::pin(play(&mut world, 2, &history, Some(first))).await;
    assert!(!sent, "stopped before anything else nothing is sent");
    let orders = Turns::orders((SENDERS[0], sender), ("others", others));
    let (mut seed, mut went) = (2, 0);
    for order in orders {
        seed += 1;
        let (_, _, sent) = Box::pin(play(&mut world, seed, &history, Some(order))).await;
        went += u64::from(sent);
    }
    assert!(went > 0 && went < seed - 2, "{went} of {seed} were sent: both ends were met");
    Box::pin(world.comes_to_rest()).await;
    assert!(world.broken.is_empty(), "{:#?}", &world.broken[..world.broken.len().min(3)]);
}

/// A reminder, whose plan is made anew when its visit changes: each of the two is stopped at each of its calls
/// while the other does all of its own.
///
/// E-11
#[rstest]
#[case(Meanwhile::Cancel)]
#[case(Meanwhile::OptOut)]
#[case(Meanwhile::Move)]
#[case(Meanwhile::CallOff)]
#[tokio::test]
async fn a_reminder_whose_plan_is_made_anew_is_sent_only_if_it_was_too_late(#[case] meanwhile: Meanwhile) {
    let mut history = History::calm();
    (history.meanwhile, history.cause) = (meanwhile, Cause::Reminder);
    let mut world = Box::pin(World::new(2, None)).await;
    let mut seed = 0;
    for (one, other) in [(SENDERS[0], "others"), ("others", SENDERS[0])] {
        for before in 0..12 {
            for within in [1, 3, 30] {
                seed += 1;
                // So many of one, so many of the other, the rest of the first, the rest of the second.
                let order = [vec![one; before], vec![other; within], vec![one; 30], vec![other; 30]].concat();
                Box::pin(play(&mut world, seed, &history, Some(order))).await;
            }
        }
    }
    Box::pin(world.comes_to_rest()).await;
    assert!(world.broken.is_empty(), "{:#?}", &world.broken[..world.broken.len().min(3)]);
}
