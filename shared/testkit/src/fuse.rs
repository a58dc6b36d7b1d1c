//! What can go wrong around one worker: it is killed at one of its calls to the outside, an answer gets lost,
//! the other side is overloaded, others run between its calls.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{Mistake, Turns};

/// Where a worker is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// Dies before its n-th call, from 1.
    Before(usize),
    /// Lives on, but the answer to its n-th call gets lost after the call was done.
    Unheard(usize),
    /// Dies after its n-th call was done and before it hears of it.
    After(usize),
}

impl Kill {
    /// All the ways to be cut off at the n-th call.
    pub fn all(n: usize) -> [Self; 3] {
        [Self::Before(n), Self::Unheard(n), Self::After(n)]
    }

    /// Whether the worker dies of it.
    pub fn is_deadly(self) -> bool {
        !matches!(self, Self::Unheard(_))
    }
}

/// How the table and the queue fare, in percent of the calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weather {
    /// Refused for now.
    pub throttled: u64,
    /// Fail inside; every second one of them was done all the same.
    pub failing: u64,
}

/// A call to the outside, as it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// By whom.
    pub who: &'static str,
    /// An operation of the table, the method of HTTP, or `Push` for the queue.
    pub what: String,
    /// The whole request.
    pub body: String,
    /// Whether the other side did as it was asked.
    pub done: bool,
}

impl Call {
    /// Whether it reads from the table.
    pub fn reads(&self) -> bool {
        matches!(self.what.as_str(), "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan")
            || self.what.ends_with("Statement") && self.body.contains("SELECT")
    }

    /// Whether it writes to the table.
    pub fn writes(&self) -> bool {
        matches!(
            self.what.as_str(),
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
        ) || self.what.ends_with("Statement") && !self.body.contains("SELECT")
    }

    /// Whether a provider is asked to send.
    pub fn sends(&self) -> bool {
        self.what == "POST"
    }
}

/// One line: who, what, and which items at which status.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<9} {:<20}", self.who, self.what)?;
        let mut kinds: Vec<&str> = ["\"kind\":{\"S\":\"", "\"sk\":{\"S\":\""]
            .iter()
            .flat_map(|mark| after(&self.body, mark))
            .collect();
        kinds.extend(
            after(&self.body, "\"status\":{\"S\":\"").filter(|word| word.chars().all(char::is_uppercase)),
        );
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            write!(f, " {}", kind.trim_end_matches('#'))?;
        }
        if self.done { Ok(()) } else { write!(f, "  (refused or unheard)") }
    }
}

/// The texts that stand between a mark and the next quotation mark or key part.
fn after<'a>(body: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    body.match_indices(mark).filter_map(move |(at, _)| body[at + mark.len()..].split(['"', '#']).next())
}

/// What several workers have done, in the order in which it was done.
#[derive(Clone, Default)]
pub struct Trace(Arc<Mutex<Vec<Call>>>);

impl Trace {
    /// What was done since it was last taken.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, call: Call) -> usize {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(call);
        calls.len() - 1
    }

    fn done(&self, index: usize, done: bool) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = calls.get_mut(index) {
            call.done = done;
        }
    }
}

/// Sits between one worker and the outside. Cloning gives another handle.
#[derive(Clone)]
pub struct Fuse(Arc<Inner>);

struct Inner {
    who: &'static str,
    trace: Trace,
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    kill: Option<Kill>,
    calls: usize,
    /// Of the scheduler; zero leaves the order alone.
    dice: u64,
    blown: bool,
    weather: Weather,
    turns: Option<Turns>,
    mistake: Option<Arc<Mistake>>,
    silent: bool,
}

impl fmt::Debug for Fuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fuse({})", self.0.who)
    }
}

/// xorshift64: a period of all values but zero.
fn roll(dice: &mut u64) -> u64 {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    *dice
}

/// What the weather does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fares {
    Well,
    Throttled,
    Fails,
    FailsAfter,
}

impl Fuse {
    /// A fuse that blows at `kill`; with a seed other than zero, others run between the calls.
    pub fn new(kill: Option<Kill>, seed: u64) -> Self {
        let fuse = Self::of("worker", &Trace::default());
        fuse.arm(kill, seed);
        fuse
    }

    /// The fuse of a worker whose calls are traced; it leaves everything alone until it is armed.
    pub fn of(who: &'static str, trace: &Trace) -> Self {
        let trace = trace.clone();
        Self(Arc::new(Inner { who, trace, state: Mutex::default(), news: Notify::new() }))
    }

    /// A fuse whose worker's calls are not traced.
    pub fn silent(who: &'static str) -> Self {
        let fuse = Self::of(who, &Trace::default());
        fuse.state().silent = true;
        fuse
    }

    /// Sets it anew, and counts the calls from here. Weather and mistakes stay.
    pub fn arm(&self, kill: Option<Kill>, seed: u64) {
        let mut state = self.state();
        (state.kill, state.calls, state.dice, state.blown, state.turns) = (kill, 0, seed, false, None);
    }

    /// The weather from here on.
    pub fn weathers(&self, weather: Weather) {
        self.state().weather = weather;
    }

    /// Calls are made when it is their turn, until the next time it is armed.
    pub fn takes_turns(&self, turns: &Turns) {
        self.state().turns = Some(turns.clone());
    }

    /// From here on a mistake is made on the wire.
    pub fn errs(&self, mistake: Option<&Arc<Mistake>>) {
        self.state().mistake = mistake.cloned();
    }

    pub(crate) fn mistake(&self) -> Option<Arc<Mistake>> {
        self.state().mistake.clone()
    }

    pub(crate) fn who(&self) -> &'static str {
        self.0.who
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls were begun.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// Runs a worker until it is done or dead; nothing is left of a dead one.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let done = tokio::select! {
            biased;
            () = self.blown() => None,
            done = work => Some(done),
        };
        let turns = self.state().turns.clone();
        if let Some(turns) = turns {
            turns.leaves(self.0.who);
        }
        done
    }

    async fn blown(&self) {
        loop {
            let news = self.0.news.notified();
            if self.state().blown {
                return;
            }
            news.await;
        }
    }

    async fn dies(&self) {
        self.state().blown = true;
        self.0.news.notify_one();
        std::future::pending::<()>().await;
    }

    /// Lets others run for a while.
    pub async fn pause(&self) {
        let turns = {
            let mut state = self.state();
            if state.dice == 0 {
                return;
            }
            roll(&mut state.dice) % 5
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    /// What becomes of the next call to the table or the queue.
    pub(crate) fn fares(&self) -> Fares {
        let mut state = self.state();
        let weather = state.weather;
        if weather == Weather::default() {
            return Fares::Well;
        }
        if state.dice == 0 {
            state.dice = 1;
        }
        let drawn = (roll(&mut state.dice) >> 16) % 200;
        if drawn < 2 * weather.throttled {
            Fares::Throttled
        } else if drawn >= 2 * (weather.throttled + weather.failing) {
            Fares::Well
        } else if drawn.is_multiple_of(2) {
            Fares::Fails
        } else {
            Fares::FailsAfter
        }
    }

    /// Makes one call; `well` tells from what came of it whether it was done. Nothing if the answer got lost.
    pub(crate) async fn call<T>(
        &self,
        what: &str,
        body: &[u8],
        does: impl Future<Output = T>,
        well: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let (n, kill, turns, silent) = {
            let mut state = self.state();
            state.calls += 1;
            (state.calls, state.kill, state.turns.clone(), state.silent)
        };
        if let Some(turns) = turns {
            turns.mine(self.0.who).await;
        }
        self.pause().await;
        if kill == Some(Kill::Before(n)) {
            self.dies().await;
        }
        let noted = (!silent).then(|| {
            let body = String::from_utf8_lossy(body).into_owned();
            self.0.trace.note(Call { who: self.0.who, what: what.to_owned(), body, done: false })
        });
        let done = does.await;
        if let Some(noted) = noted {
            self.0.trace.done(noted, well(&done));
        }
        self.pause().await;
        if kill == Some(Kill::After(n)) {
            self.dies().await;
        }
        (kill != Some(Kill::Unheard(n))).then_some(done)
    }
}
