//! R1: a worker is cut off at every single call there is, in each way there is; batches come twice and turned
//! around.

use futures::future::join;
use kernel::Lane;
use platform::Queue as _;
use rstest::rstest;
use testkit::{Answer, Kill};

use crate::{
    cast::Cast,
    history::{History, Meanwhile},
    world::{Played, Told, World},
};

/// How the second worker gets the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It does not.
    Never,
    /// Once the first is done or dead, in this order.
    After,
    /// At the same time.
    Beside,
}

/// All orders of so many messages.
fn orders(many: usize) -> Vec<Vec<usize>> {
    if many == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(many - 1);
    let put = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, many - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..many).map(move |at| put(order, at))).collect()
}

/// Messages that are asked for together, by both workers.
pub(crate) struct Case {
    pub(crate) kills: [Option<Kill>; 2],
    pub(crate) again: Again,
    pub(crate) order: Vec<usize>,
}

/// Plays a case with its own patients; gives back whether the cuts were reached.
pub(crate) async fn play(world: &mut World, seed: &mut u64, case: &Case, answers: &[Answer]) -> bool {
    let mut history = History::calm();
    (history.kills, history.answers) = (case.kills, answers.to_vec());
    let mut casts: Vec<Cast> = Vec::new();
    for _ in &case.order {
        *seed += 1;
        casts.push(world.stage.casts(*seed, &history).await);
    }
    let stage = &world.stage;
    let requests: Vec<_> = casts.iter().map(|cast| stage.request(cast.message)).collect();
    let turned: Vec<_> = case.order.iter().map(|index| requests[*index]).collect();
    for answer in answers {
        stage.house.providers.will(answer.clone());
    }
    stage.trace.take();
    let [first, second] = &stage.senders;
    // Beside each other they take turns; after each other nothing comes between.
    let beside = u64::from(case.again == Again::Beside);
    first.fuse.arm(case.kills[0], beside * (*seed * 2 + 1));
    second.fuse.arm(case.kills[1], beside * (*seed * 3 + 1));
    match case.again {
        Again::Never => first.works(&stage.house, &requests, 1).await,
        Again::After => {
            first.works(&stage.house, &requests, 1).await;
            second.works(&stage.house, &turned, 1).await;
        }
        Again::Beside => {
            let both = join(first.works(&stage.house, &requests, 1), second.works(&stage.house, &turned, 1));
            Box::pin(both).await;
        }
    }
    let at = |kill: Kill| match kill {
        Kill::Before(n) | Kill::Unheard(n) | Kill::After(n) => n,
    };
    let reached = |fuse: &testkit::Fuse, kill: Option<Kill>| kill.is_none_or(|kill| fuse.calls() >= at(kill));
    let reached = reached(&first.fuse, case.kills[0]) && reached(&second.fuse, case.kills[1]);
    let calls = stage.trace.take();
    stage.house.providers.forgets();
    world.notes(*seed, &history, &calls);
    let told = Told::default();
    let played = |cast: Cast| Played { seed: *seed, history: history.clone(), cast, told: told.clone() };
    world.played.extend(casts.into_iter().map(played));
    reached
}

/// Comes to rest, and no promise may be broken.
async fn rests(world: &mut World) {
    Box::pin(world.comes_to_rest()).await;
    assert!(world.broken.is_empty(), "{:#?}", &world.broken[..world.broken.len().min(3)]);
}

/// One, two and three messages; one and two workers; the second gets the batch after the first or at the same
/// time, in every order.
///
///
#[rstest]
#[case(1, Again::Never)]
#[case(1, Again::After)]
#[case(1, Again::Beside)]
#[case(2, Again::Never)]
#[case(2, Again::After)]
#[case(2, Again::Beside)]
#[case(3, Again::Never)]
#[case(3, Again::After)]
#[case(3, Again::Beside)]
#[tokio::test]
async fn a_sender_may_be_cut_off_at_any_call(#[case] messages: usize, #[case] again: Again) {
    let mut world = Box::pin(World::new(1, None)).await;
    let (mut seed, mut cases) = (0, 0);
    let orders = orders(messages);
    // Beside another one a sender makes more calls or fewer: three numbers that nobody reaches are the end.
    let mut missed = 0;
    for n in 1.. {
        let mut reached = false;
        for (index, kill) in Kill::all(n).into_iter().enumerate() {
            // With three messages each cut meets two of the six orders, and the cuts together all of them.
            let some = orders.iter().enumerate().filter(|(at, _)| {
                *at == 0 || (again != Again::Never && (messages < 3 || at % 3 == (n + index) % 3))
            });
            for (_, order) in some {
                let case = Case { kills: [Some(kill), None], again, order: order.clone() };
                reached |= Box::pin(play(&mut world, &mut seed, &case, &[])).await;
                cases += 1;
            }
        }
        missed = if reached { 0 } else { missed + 1 };
        if missed == 3 {
            break;
        }
    }
    assert!(cases > 20, "{cases} cases");
    rests(&mut world).await;
}

/// Both workers are cut off, each at any of its calls in any way, with one message.
///
///
#[rstest]
#[tokio::test]
async fn two_senders_may_be_cut_off_at_any_two_calls(#[values(0, 1, 2, 3)] part: usize) {
    let mut world = Box::pin(World::new(2, None)).await;
    let mut seed = 0;
    for first in (1..16).filter(|n| n % 4 == part) {
        for second in 1..16 {
            let mut reached = false;
            for (index, kill) in Kill::all(first).into_iter().enumerate() {
                // Each way of the one meets each way of the other, at this call or the next.
                let other = Kill::all(second)[(index + first + second) % 3];
                let again = if second % 2 == 0 { Again::Beside } else { Again::After };
                let case = Case { kills: [Some(kill), Some(other)], again, order: vec![0] };
                reached |= Box::pin(play(&mut world, &mut seed, &case, &[])).await;
            }
            if !reached {
                break;
            }
        }
    }
    rests(&mut world).await;
}

/// Whatever the provider does with the call, and wherever the sender is cut off around it.
///
///
#[rstest]
#[case(Answer::Busy)]
#[case(Answer::Unreachable)]
#[case(Answer::Away)]
#[case(Answer::Silence)]
#[case(Answer::AcceptUnheard)]
#[case(Answer::Refuse("21617"))]
#[case(Answer::Refuse("21614"))]
#[tokio::test]
async fn a_sender_may_be_cut_off_whatever_the_provider_says(#[case] answer: Answer) {
    let mut world = Box::pin(World::new(3, None)).await;
    let mut seed = 0;
    for n in 1.. {
        let mut reached = false;
        for kill in Kill::all(n) {
            let case = Case { kills: [Some(kill), None], again: Again::After, order: vec![0] };
            reached |= Box::pin(play(&mut world, &mut seed, &case, std::slice::from_ref(&answer))).await;
        }
        if !reached {
            break;
        }
    }
    rests(&mut world).await;
}

/// Whoever takes a message back, moves or calls off the visit, opts out or writes is cut off at any call, and so
/// is what takes the text in.
///
/// A-38, D-07, E-11
#[rstest]
#[case(Meanwhile::Cancel, 8)]
#[case(Meanwhile::OptOut, 8)]
#[case(Meanwhile::Move, 20)]
#[case(Meanwhile::CallOff, 20)]
#[case(Meanwhile::Writes("STOP"), 8)]
#[case(Meanwhile::Writes("please opt me out"), 40)]
#[case(Meanwhile::Writes("C"), 40)]
#[tokio::test]
async fn those_who_are_no_senders_may_be_cut_off_at_any_call(
    #[case] meanwhile: Meanwhile,
    #[case] most: usize,
) {
    let mut world = Box::pin(World::new(4, None)).await;
    let mut seed = 0;
    for n in 1..=most {
        for kill in Kill::all(n) {
            let mut history = History::calm();
            history.meanwhile = meanwhile;
            let moved = matches!(meanwhile, Meanwhile::Move | Meanwhile::CallOff | Meanwhile::Writes("C"));
            if moved {
                history.cause = crate::history::Cause::Reminder;
            }
            // Before the sender, or once the patient has been asked.
            history.patience = if meanwhile == Meanwhile::Writes("C") { 100 } else { 0 };
            (history.kill_others, history.kill_inbound) = (Some(kill), Some(kill));
            if let Meanwhile::Writes(_) = meanwhile
                && n > 8
            {
                history.kill_others = None;
            }
            seed += 1;
            Box::pin(world.plays_as(seed, history)).await;
        }
    }
    rests(&mut world).await;
}

/// The minute, whoever follows the stream, and who takes receipts in: cut off at any call they are asked again
/// and come to the same end.
///
/// A-06, E-11
#[tokio::test]
async fn the_minute_the_stream_and_receipts_may_be_cut_off_at_any_call() {
    let mut world = Box::pin(World::new(5, None)).await;
    let fuse = testkit::Fuse::silent("tick");
    let platform = world.stage.house.worker(&fuse);
    let (tick, projector) = (reminders::Work::on(&platform), projector::Work::on(&platform));
    let webhooks = webhooks::open(&platform).unwrap();
    let mut seed = 0;
    for n in 1..=60 {
        for kill in Kill::all(n) {
            seed += 1;
            let mut history = History::calm();
            history.receipts = vec!["delivered"];
            let cast = world.stage.casts(seed, &history).await;
            let house = &world.stage.house;
            // Nobody has heard of it but the bucket: the next minute finds it.
            house.clock.advance(testkit::minutes(1));
            fuse.arm(Some(kill), 0);
            if !matches!(Box::pin(fuse.run(tick.tick())).await, Some(Ok(()))) {
                fuse.arm(None, 0);
                tick.tick().await.unwrap();
            }
            let jobs = house.queue.take(Lane::Outbound, 100);
            let raw: Vec<_> = jobs.iter().map(|delivery| delivery.job.clone()).collect();
            house.queue.settle(jobs.into_iter().map(|delivery| (delivery, Ok(()))).collect());
            // Alone or in one record with others that are due.
            let wanted = cast.message.to_string();
            let found = raw.iter().any(|job| job.data.to_string().contains(&wanted));
            assert!(found, "the minute finds what is due, cut off by {kill:?}");
            house.queue.push(&raw).await.unwrap();
            fuse.arm(Some(kill), 0);
            while Box::pin(fuse.run(house.follows_with(&projector))).await != Some(true) {
                fuse.arm(None, 0);
            }
            fuse.arm(None, 0);
            house.settles().await;
            let mut told = Told::default();
            let sent = house.sent(cast.message).expect("it was due");
            let call = || {
                testkit::House::through(
                    &webhooks,
                    testkit::House::receipt_of_twilio(&sent, "delivered", None),
                )
            };
            fuse.arm(Some(kill).filter(|_| n < 10), 0);
            if Box::pin(fuse.run(call())).await.is_none_or(|(status, _)| !status.is_success()) {
                fuse.arm(None, 0);
                assert!(call().await.0.is_success());
            }
            told.receipts.push(messaging::Status::Delivered);
            world.played.push(Played { seed, history, cast, told });
        }
    }
    fuse.arm(None, 0);
    rests(&mut world).await;
}
