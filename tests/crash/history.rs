//! What happens in one history, drawn from its seed.

use testkit::{Answer, Kill};

use crate::dice::Dice;

/// What is said or done while the message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    Nothing,
    Cancel,
    OptOut,
    Move,
}

/// A history before it is played.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) meanwhile: Meanwhile,
    /// How many turns others get before it happens.
    pub(crate) patience: u64,
    /// What the provider does with the calls, in turn; after these it takes everything.
    pub(crate) answers: Vec<Answer>,
    /// What the provider tells, once it has taken the message.
    pub(crate) receipts: Vec<&'static str>,
    /// Where each of the two senders dies.
    pub(crate) kills: [Option<Kill>; 2],
    /// How often each of the two gets the request.
    pub(crate) requests: [u64; 2],
}

impl History {
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
        let kill = |dice: &mut Dice| {
            let n = usize::try_from(dice.below(14) + 1).expect("a small number");
            dice.percent(40).then(|| if dice.percent(50) { Kill::Before(n) } else { Kill::After(n) })
        };
        let kills = [kill(&mut dice), kill(&mut dice)];
        Self {
            meanwhile: dice.of(&[
                Meanwhile::Nothing,
                Meanwhile::Nothing,
                Meanwhile::Cancel,
                Meanwhile::OptOut,
                Meanwhile::Move,
            ]),
            patience: dice.below(40),
            answers,
            receipts,
            kills,
            requests: [dice.below(2) + 1, dice.below(3)],
        }
    }
}
