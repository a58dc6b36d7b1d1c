//! R3: the harness catches mistakes: a table of each by name, and the claims that it broke first.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use testkit::{Answer, Kill, Mistake};

use crate::{
    dice::Dice,
    history::History,
    holds::Broken,
    mistakes::{self, Named},
    sweep::{self, Again, Case},
    world::{Played, Told, World},
};

/// How many histories are played with a mistake before it counts as not caught, and in what portions, of those in
/// which there is anything to be done wrong.
const PORTIONS: [u64; 3] = [16, 64, 220];
/// Beside each so many histories, three messages are asked for in one batch, of both senders.
const BETWEEN: u64 = 4;
/// From here on seeds are of those who are asked for together.
const TOGETHER: u64 = 5_000;

struct Row {
    name: &'static str,
    /// How often it was made, by operation.
    made: String,
    histories: u64,
    /// The claims that it broke.
    caught: Vec<String>,
}

/// Some messages that only their bucket knows of, so that the minute finds them and asks for them in one record. To
/// each of them the provider gives these answers first.
async fn wait_for_the_minute(world: &mut World, first: u64, answers: &[Answer]) {
    const MANY: u64 = 7;
    for answer in answers.iter().flat_map(|answer| (0..MANY).map(|_| answer.clone())) {
        world.stage.house.providers.will(answer);
    }
    for seed in first..first + MANY {
        let history = History { answers: answers.to_vec(), ..History::calm() };
        let cast = world.stage.casts(seed, &history).await;
        world.played.push(Played { seed, history, cast, told: Told::default() });
    }
}

/// Three messages in one batch for both senders, either of which may be cut off.
async fn are_asked_for_together(world: &mut World, seed: &mut u64) {
    let mut dice = Dice::new(*seed);
    let mut kill = || {
        let n = usize::try_from(dice.below(12) + 1).expect("a small number");
        let kill = dice.of(&Kill::all(n));
        dice.percent(40).then_some(kill)
    };
    let kills = [kill(), kill()];
    let again = dice.of(&[Again::Never, Again::After, Again::Beside, Again::Beside]);
    let answers: &[Answer] = if dice.percent(30) { &[Answer::Busy] } else { &[] };
    let case = Case { kills, again, order: dice.of(&[vec![0, 1, 2], vec![2, 0, 1]]) };
    Box::pin(sweep::play(world, seed, &case, answers)).await;
}

/// Plays histories with the mistake; gives back what broke. Whoever ends in a panic has broken something as well.
fn play(mistake: &Arc<Mistake>, from: u64, many: u64, fits: fn(&mut History) -> bool) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let run = async {
        let mut world = Box::pin(World::new(from, Some(mistake.clone()))).await;
        let mut together = TOGETHER + from;
        let fitting = (from..).map(|seed| (seed, History::of(seed)));
        let fitting = fitting.filter_map(|(seed, mut history)| fits(&mut history).then_some((seed, history)));
        for (played, (seed, history)) in (1..=many).zip(fitting) {
            world.plays_as(seed, history).await;
            if played % BETWEEN == 0 {
                are_asked_for_together(&mut world, &mut together).await;
            }
        }
        let mut any = History::calm();
        fits(&mut any);
        wait_for_the_minute(&mut world, TOGETHER + 3_000 + from, &any.answers).await;
        let (_, broken) = Box::pin(world.settles()).await;
        let mut claims: Vec<String> = broken.iter().map(|Broken { claim, .. }| (*claim).to_owned()).collect();
        claims.sort_unstable();
        claims.dedup();
        claims
    };
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(Box::pin(run))));
    played.unwrap_or_else(|_| vec!["ends in a panic".to_owned()])
}

fn row(Named { name, make, fits }: Named) -> Row {
    let mistake = Arc::new(make());
    let (mut histories, mut caught) = (0, Vec::new());
    for (many, from) in PORTIONS.into_iter().zip([1, 40_001, 80_001]) {
        caught = play(&mistake, from, many, fits);
        histories += many;
        if !caught.is_empty() {
            break;
        }
    }
    let places = mistake.places();
    let made = places.iter().map(|(place, many)| format!("{place} {many}")).collect::<Vec<_>>().join(", ");
    Row { name, made, histories, caught }
}

/// Every mistake, each in worlds of its own, two at a time.
fn rows() -> Vec<Row> {
    let left = Mutex::new(VecDeque::from(mistakes::all()));
    let rows = Mutex::new(Vec::new());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..2 {
            let work = || {
                while let Some(named) = next() {
                    let row = row(named);
                    rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
                }
            };
            // Handlers in handlers: the stack of a test is too small for them without optimisation.
            thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, work).unwrap();
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    let place = |row: &Row| mistakes::all().iter().position(|named| named.name == row.name);
    rows.sort_by_key(place);
    rows
}

/// Of at least thirty mistakes, 95 of a hundred break a claim within 300 histories; a mistake that is never made
/// counts against the table and not for it.
#[test]
fn of_mistakes_made_on_purpose_nearly_all_are_caught() {
    let rows = rows();
    eprintln!("| mistake | caught by | histories | made |\n|---|---|---|---|");
    for Row { name, made, histories, caught } in &rows {
        let by = if caught.is_empty() { "NOT CAUGHT".to_owned() } else { caught.join("; ") };
        eprintln!("| {name} | {by} | {histories} | {made} |");
    }
    let never: Vec<_> = rows.iter().filter(|row| row.made.is_empty()).map(|row| row.name).collect();
    assert!(never.is_empty(), "never made, so the wire looks otherwise by now: {never:?}");
    let caught = rows.iter().filter(|row| !row.caught.is_empty()).count();
    eprintln!("{caught} of {} caught", rows.len());
    assert!(rows.len() >= 30, "{} mistakes", rows.len());
    assert!(caught * 100 >= rows.len() * 95, "{caught} of {} were caught", rows.len());
}

/// The same histories with a mistake that changes nothing: nothing is caught.
#[test]
fn without_a_mistake_nothing_is_caught() {
    let none = Arc::new(Mistake::in_writing(|_| testkit::Fate::Stays));
    let work = move || play(&none, 40_001, 80, |_| true);
    let caught = thread::Builder::new().stack_size(16 << 20).spawn(work).unwrap().join().unwrap();
    assert!(caught.is_empty(), "{caught:?}");
}
