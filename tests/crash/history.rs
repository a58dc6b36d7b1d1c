//! What happens in one history, drawn from its seed.

use testkit::{Answer, Kill};

use crate::dice::Dice;

/// Why there is a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Staff has written something about a visit.
    Staff,
    /// A rule reminds of a visit.
    Reminder,
}

/// What is said or done while the message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    Nothing,
    /// Staff takes the message back.
    Cancel,
    /// The patient tells staff that no message is wanted.
    OptOut,
    /// The visit is moved.
    Move,
    /// The visit is called off.
    CallOff,
    /// The patient writes this.
    Writes(&'static str),
}

/// A word of a carrier's own, and an opt-out that we answer ourselves.
pub(crate) const STOPS: [&str; 2] = ["STOP", "please opt me out"];

impl Meanwhile {
    pub(crate) fn stops(self) -> bool {
        matches!(self, Self::OptOut) || matches!(self, Self::Writes(says) if STOPS.contains(&says))
    }
}

/// A history before it is played.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) cause: Cause,
    pub(crate) meanwhile: Meanwhile,
    /// How many turns others get before it happens.
    pub(crate) patience: u64,
    /// What the provider does with the calls, in turn; after these it takes everything.
    pub(crate) answers: Vec<Answer>,
    /// What the provider tells, once it has taken the message.
    pub(crate) receipts: Vec<&'static str>,
    /// Where each of the two senders is cut off.
    pub(crate) kills: [Option<Kill>; 2],
    /// Where those are cut off who are no senders: staff and patients, and what takes their texts in.
    pub(crate) kill_others: Option<Kill>,
    pub(crate) kill_inbound: Option<Kill>,
    /// How often each of the two gets the request.
    pub(crate) requests: [u64; 2],
    /// Processes that were started just now and remember nothing.
    pub(crate) cold: bool,
    /// Decides who runs when.
    pub(crate) order: [u64; 5],
}

impl History {
    /// One in which nothing goes wrong.
    pub(crate) fn calm() -> Self {
        Self {
            cause: Cause::Staff,
            meanwhile: Meanwhile::Nothing,
            patience: 0,
            answers: Vec::new(),
            receipts: Vec::new(),
            kills: [None; 2],
            kill_others: None,
            kill_inbound: None,
            requests: [1, 0],
            cold: false,
            order: [0; 5],
        }
    }

    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let answer = |dice: &mut Dice| {
            dice.of(&[
                Answer::Accept,
                Answer::Accept,
                Answer::Accept,
                Answer::AcceptUnheard,
                Answer::Silence,
                Answer::Busy,
                Answer::Busy,
                Answer::Unreachable,
                Answer::Away,
                Answer::Refuse("21617"),
                Answer::Refuse("99999"),
            ])
        };
        let answers = (0..dice.below(3)).map(|_| answer(&mut dice)).collect();
        let told = ["queued", "sent", "sent", "delivered", "delivered", "undelivered", "read"];
        let receipts = (0..dice.below(4)).map(|_| dice.of(&told)).collect();
        let kill = |dice: &mut Dice, percent: u64, most: u64| {
            let n = usize::try_from(dice.below(most) + 1).expect("a small number");
            let kill = dice.of(&Kill::all(n));
            dice.percent(percent).then_some(kill)
        };
        let kills = [kill(&mut dice, 40, 14), kill(&mut dice, 40, 14)];
        let meanwhile = match dice.below(100) {
            0..35 => Meanwhile::Nothing,
            35..50 => Meanwhile::Cancel,
            50..65 => Meanwhile::OptOut,
            65..78 => Meanwhile::Move,
            78..84 => Meanwhile::CallOff,
            84..90 => Meanwhile::Writes("C"),
            _ => Meanwhile::Writes(dice.of(&STOPS)),
        };
        // Only what a rule has sent is asked about, and only its visits have a plan.
        let reminded = meanwhile == Meanwhile::Writes("C") || dice.percent(12);
        let mut order = || dice.next() | 1;
        let order = [order(), order(), order(), order(), order()];
        Self {
            cause: if reminded { Cause::Reminder } else { Cause::Staff },
            meanwhile,
            patience: dice.below(40),
            answers,
            receipts,
            kills,
            kill_others: kill(&mut dice, 15, 6),
            kill_inbound: kill(&mut dice, 40, 30),
            requests: [dice.below(8).clamp(1, 2) - u64::from(dice.percent(8)), dice.below(3)],
            cold: dice.percent(10),
            order,
        }
    }

    /// Nobody has died: whatever else happened, each did its work.
    pub(crate) fn nobody_died(&self) -> bool {
        let kills = [self.kills[0], self.kills[1], self.kill_others, self.kill_inbound];
        kills.iter().flatten().all(|kill| !kill.is_deadly())
    }

    /// The provider took it as soon as it was asked while it could be.
    pub(crate) fn provider_was_fair(&self) -> bool {
        self.answers.iter().all(|answer| {
            matches!(answer, Answer::Accept | Answer::AcceptUnheard | Answer::Busy | Answer::Unreachable)
        })
    }
}
