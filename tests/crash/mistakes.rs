//! R3: mistakes as a defect would make them, made on the wire.
//!
//! Product code has no switch for any of them: everything it does passes the table's wire, the queue or the
//! provider's wire, and there the mistake is made for it. `table_of_mistakes.rs` plays histories with each.

mod around;
mod others;
mod reading;
mod sending;

use testkit::{Act, Answer, Fate, Kill, Mistake, Reader};

use crate::history::{Cause, History, Meanwhile};

/// A mistake by name, how it is made, and the histories in which there is anything to be done wrong.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) make: fn() -> Mistake,
    /// Whether a history is one of those; it may be made one.
    pub(crate) fits: fn(&mut History) -> bool,
}

const fn named(name: &'static str, make: fn() -> Mistake, fits: fn(&mut History) -> bool) -> Named {
    Named { name, make, fits }
}

fn any(_: &mut History) -> bool {
    true
}

/// Two senders are asked.
fn two(history: &mut History) -> bool {
    history.requests.iter().all(|times| *times > 0)
}

fn cancels(history: &mut History) -> bool {
    history.meanwhile == Meanwhile::Cancel
}

fn opts_out(history: &mut History) -> bool {
    history.meanwhile == Meanwhile::OptOut
}

fn moves(history: &mut History) -> bool {
    history.meanwhile == Meanwhile::Move
}

fn moves_a_reminder(history: &mut History) -> bool {
    moves(history) && history.cause == Cause::Reminder
}

fn calls_off(history: &mut History) -> bool {
    history.meanwhile == Meanwhile::CallOff
}

fn writes(history: &mut History) -> bool {
    matches!(history.meanwhile, Meanwhile::Writes(_))
}

/// The provider tells of the message.
fn tells(history: &mut History) -> bool {
    history.receipts.contains(&"delivered")
}

/// The provider does not take it at once.
fn answers(history: &mut History) -> bool {
    !history.answers.is_empty()
}

/// The provider never answers.
fn is_silent(history: &mut History) -> bool {
    history.answers.insert(0, Answer::AcceptUnheard);
    true
}

/// The provider is busy again and again, and nothing else goes wrong.
fn is_busy(history: &mut History) -> bool {
    *history = History { order: history.order, answers: vec![Answer::Busy; 3], ..History::calm() };
    true
}

/// One answer that a sender waits for gets lost, and nothing else goes wrong.
fn loses_an_answer(history: &mut History) -> bool {
    let n = usize::try_from(history.order[0] % 5).expect("a small number") + 1;
    *history = History { order: history.order, kills: [Some(Kill::Unheard(n)), None], ..History::calm() };
    true
}

/// Somebody is cut off.
fn kills(history: &mut History) -> bool {
    history.kills.iter().any(Option::is_some)
}

fn lost_if(lost: bool) -> Fate {
    if lost { Fate::Lost } else { Fate::Stays }
}

fn claims(act: &Act) -> bool {
    act.puts_message("SENDING")
}

fn says_sent(act: &Act) -> bool {
    act.by_sender() && act.puts_message("SENT")
}

/// Whether it travels with others of which each holds for itself.
fn in_batch(act: &Act) -> bool {
    act.operation == "BatchExecuteStatement"
}

fn by_sender(reader: Reader<'_>) -> bool {
    reader.who.starts_with("sender") || reader.who == "house"
}

pub(crate) fn all() -> Vec<Named> {
    [sending::MISTAKES, reading::MISTAKES, others::MISTAKES, around::MISTAKES].concat()
}
