//! Providers as the product meets them, on loopback: the same paths, bytes, errors and signatures, and a memory
//! that survives a kill.
//!
//! Nothing here uses the product's own code for providers: requests are read and callbacks are signed by a second
//! implementation, so that a mistake in one does not cancel out in the other.
//!
//! | path | what |
//! |---|---|
//! | `/sim/twilio` | base address of a Twilio account |
//! | `/sim/ses` | endpoint of SES v2 |
//! | `/sim/phone/{number}/reply` | a person answers |
//! | `/sim/feed`, `/sim/mail/{id}`, `/sim/log`, `/sim/rules` | what the page and tests read |

mod desk;
mod fact;
mod happening;
mod journal;
pub mod ses;
mod settings;
mod state;
#[cfg(test)]
mod tests;
pub mod twilio;

use std::{
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::Router;
use kernel::Clock;
use tokio::sync::Semaphore;

pub use self::settings::Settings;
use self::{
    fact::{Fact, Line},
    journal::Journal,
    ses::EventSink,
    state::State,
};

/// The most callbacks under way at one time.
const COURIERS: usize = 16;

/// The simulated providers. Cloning gives another handle to the same ones.
#[derive(Clone)]
pub struct Simulators(Arc<Inner>);

struct Inner {
    settings: Settings,
    clock: Clock,
    http: reqwest::Client,
    sink: Arc<dyn EventSink>,
    books: Mutex<Books>,
    couriers: Semaphore,
}

impl fmt::Debug for Simulators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulators").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// The journal and what it adds up to, always changed together.
struct Books {
    journal: Journal,
    state: State,
    clock: Clock,
}

impl Books {
    /// Writes a fact down, then takes it in.
    fn record(&mut self, fact: Fact) -> io::Result<()> {
        let line = Line { n: self.state.n + 1, at: self.clock.now(), fact };
        self.journal.append(&line)?;
        self.state.apply(line);
        Ok(())
    }
}

impl Simulators {
    /// Opens the journal under `dir` and takes up what a stop or a kill left behind. Callbacks that were still
    /// to come start with [`Simulators::resume`].
    pub fn open(dir: &Path, settings: Settings, clock: Clock, sink: Arc<dyn EventSink>) -> io::Result<Self> {
        let (journal, lines) = Journal::open(dir)?;
        let mut state = State::default();
        for line in lines {
            state.apply(line);
        }
        Self::with(Books { journal, state, clock: clock.clone() }, settings, clock, sink)
    }

    /// Keeps everything in memory.
    pub fn in_memory(settings: Settings, clock: Clock, sink: Arc<dyn EventSink>) -> io::Result<Self> {
        let books = Books { journal: Journal::none(), state: State::default(), clock: clock.clone() };
        Self::with(books, settings, clock, sink)
    }

    fn with(books: Books, settings: Settings, clock: Clock, sink: Arc<dyn EventSink>) -> io::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(settings.patience)
            .user_agent("TwilioProxy/1.1")
            .build()
            .map_err(io::Error::other)?;
        let books = Mutex::new(books);
        let couriers = Semaphore::new(COURIERS);
        Ok(Self(Arc::new(Inner { settings, clock, http, sink, books, couriers })))
    }

    /// The paths under `/sim`.
    pub fn router(&self) -> Router {
        Router::new()
            .nest("/sim/twilio", twilio::routes())
            .nest("/sim/ses", ses::routes())
            .nest("/sim", desk::routes())
            .with_state(self.clone())
    }

    /// Starts what was still to come when the process ended: callbacks, webhooks of replies, mail events.
    pub fn resume(&self) {
        let (texts, replies, mails) = {
            let books = self.books();
            let open = |way: state::Way, todo: fn(&state::Bubble) -> bool| -> Vec<String> {
                let bubbles = books.state.bubbles.iter();
                bubbles.filter(|b| b.way == way && todo(b)).map(|b| b.text.sid.clone()).collect()
            };
            let texts = open(state::Way::Out, |bubble| bubble.told < bubble.text.script.len());
            let replies = open(state::Way::In, |bubble| bubble.told == 0);
            let mails = books.state.mails.iter().filter(|mailed| mailed.told < mailed.mail.script.len());
            (texts, replies, mails.map(|mailed| mailed.mail.id.clone()).collect::<Vec<_>>())
        };
        let pending = texts.len() + replies.len() + mails.len();
        if pending > 0 {
            tracing::info!(pending, "the simulators take up callbacks that were still to come");
        }
        for sid in texts {
            tokio::spawn(twilio::tell(self.clone(), sid));
        }
        for sid in replies {
            tokio::spawn(twilio::pass_on(self.clone(), sid));
        }
        for id in mails {
            tokio::spawn(ses::tell(self.clone(), id));
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A panic while writing leaves at worst a fact on disk that memory lacks; the next start has it.
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, fact: Fact) -> io::Result<()> {
        self.books().record(fact)
    }

    /// Random bytes as hex digits.
    fn hex(&self, bytes: usize) -> String {
        let mut random = vec![0; bytes];
        self.0.clock.random(&mut random);
        random.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect()
    }
}

fn hex_digit(value: u8) -> char {
    char::from(b"0123456789abcdef"[usize::from(value & 15)])
}

/// A body that breaks before its first byte: the server closes the connection with nothing said.
fn answer_lost() -> axum::response::Response {
    let lost =
        futures::stream::once(async { Err::<bytes::Bytes, _>(io::Error::other("the answer is lost")) });
    axum::response::Response::new(axum::body::Body::from_stream(lost))
}
