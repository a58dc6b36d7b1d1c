//! Histories as they are played, one after the other in one clinic.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use audit::Actor;
use consent::{
    Scope,
    ledger::{Evidence, Method},
};
use kernel::{Lane, MessageId};
use messaging::Status;
use people::appointments::{self, Change};
use platform::Queue as _;
use testkit::{Call, House, Mistake, hours, staff};

use crate::{
    cast::{Cast, SENDERS, Stage, WARM},
    history::{Cause, History, Meanwhile},
    holds::Broken,
};

/// What those were told who did something while the message was on its way.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing somebody was told, and any of them may be"
)]
pub(crate) struct Told {
    /// It was taken back.
    pub(crate) taken_back: bool,
    /// No message will come any more.
    pub(crate) stopped: bool,
    pub(crate) moved: bool,
    pub(crate) called_off: bool,
    /// The webhook has answered that it keeps the text.
    pub(crate) text_kept: bool,
    /// What the provider has told of the message and was answered to.
    pub(crate) receipts: Vec<Status>,
}

/// A history that was played, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) seed: u64,
    pub(crate) history: History,
    pub(crate) cast: Cast,
    pub(crate) told: Told,
}

pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) played: Vec<Played>,
    pub(crate) broken: Vec<Broken>,
    hash: DefaultHasher,
    /// What was done in each history, one line per call, if somebody wants to read it.
    pub(crate) read_along: Option<Vec<String>>,
}

impl World {
    /// A clinic whose senders have worked before.
    pub(crate) async fn new(seed: u64, mistake: Option<Arc<Mistake>>) -> Self {
        let stage = Stage::new(seed, mistake).await;
        let hash = DefaultHasher::new();
        let mut world = Self { stage, played: Vec::new(), broken: Vec::new(), hash, read_along: None };
        for (who, warm) in [(0, WARM), (1, WARM + 1)] {
            let mut history = History::calm();
            history.requests = [u64::from(who == 0), u64::from(who == 1)];
            world.plays_as(warm, history).await;
        }
        world
    }

    /// Plays the history of a seed.
    pub(crate) async fn plays(&mut self, seed: u64) {
        Box::pin(self.plays_as(seed, History::of(seed))).await;
    }

    /// Plays one history up to where everybody who lives has done what they could.
    pub(crate) async fn plays_as(&mut self, seed: u64, history: History) {
        if history.cold {
            self.stage.starts_senders();
        }
        let cast = self.stage.casts(seed, &history).await;
        let stage = &self.stage;
        for answer in &history.answers {
            stage.house.providers.will(answer.clone());
        }
        for ((worker, kill), order) in stage.senders.iter().zip(history.kills).zip(history.order) {
            worker.fuse.arm(kill, order);
        }
        stage.others.arm(history.kill_others, history.order[2]);
        stage.inbound.arm(history.kill_inbound, history.order[3]);
        stage.provider.arm(None, history.order[4]);
        stage.trace.take();
        let batch = [stage.request(cast.message)];
        let [first, second] = &stage.senders;
        let (_, mut told, receipts) = tokio::join!(
            async {
                tokio::join!(
                    first.works(&stage.house, &batch, history.requests[0]),
                    second.works(&stage.house, &batch, history.requests[1]),
                )
            },
            Box::pin(stage.meanwhile(&history, &cast)),
            Box::pin(stage.receipts(&history, cast.message)),
        );
        told.receipts = receipts;
        let calls = stage.trace.take();
        stage.house.providers.forgets();
        self.notes(seed, &history, &calls);
        if let Err(says) = nobody_was_told_too_late(&history, &cast, &calls) {
            self.broken.push(Broken { claim: "R5", seed, says });
        }
        self.played.push(Played { seed, history, cast, told });
    }

    /// What was done goes into the trace hash, and before the eyes of whoever reads along.
    pub(crate) fn notes(&mut self, seed: u64, history: &History, calls: &[Call]) {
        for call in calls {
            (call.who, &call.what, call.done).hash(&mut self.hash);
        }
        if let Some(lines) = &mut self.read_along {
            lines.push(format!("seed {seed}: {history:?}"));
            lines.extend(calls.iter().map(|call| format!("  {call}")));
        }
    }

    pub(crate) fn hashes(&mut self, what: impl Hash) {
        what.hash(&mut self.hash);
    }

    /// Lets all that is left come to its end, and looks at what must hold; gives back what the histories were.
    pub(crate) async fn settles(mut self) -> (u64, Vec<Broken>) {
        Box::pin(self.comes_to_rest()).await;
        (self.hash.finish(), self.broken)
    }

    pub(crate) async fn comes_to_rest(&mut self) {
        let stage = &self.stage;
        stage.others.arm(None, 0);
        stage.inbound.arm(None, 0);
        stage.house.time_passes(hours(3)).await;
        if stage.mistake.is_some() {
            // The stream may tell everything once more.
            stage.house.follows_again().await;
        }
        self.looks_at_all().await;
    }
}

impl Stage {
    async fn meanwhile(&self, history: &History, cast: &Cast) -> Told {
        for _ in 0..history.patience {
            tokio::task::yield_now().await;
        }
        let mut told = Told::default();
        let now = self.house.clock.now();
        let actor = Actor::patient(cast.person);
        let yes = |done: Option<bool>| done == Some(true);
        match history.meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::Cancel => {
                let staff = staff();
                let does = async { messaging::cancel(&self.table, &staff, cast.message, None).await.is_ok() };
                told.taken_back = yes(self.others.run(does).await);
            }
            Meanwhile::OptOut => {
                let does = async {
                    let evidence = Evidence::of(Method::Verbal, now);
                    let person = Some(cast.person);
                    let said =
                        consent::opt_out(&self.table, &cast.address, person, Scope::All, &actor, evidence);
                    said.await.is_ok()
                };
                told.stopped = yes(Box::pin(self.others.run(does)).await);
            }
            Meanwhile::Move => {
                let by = if cast.cause == Cause::Reminder { hours(3) } else { hours(48) };
                let change =
                    Change::Move { starts_at: now + by, ends_at: None, location: None, practitioner: None };
                told.moved = yes(Box::pin(self.others.run(self.changes(cast, &change))).await);
            }
            Meanwhile::CallOff => {
                let to = appointments::Status::Cancelled;
                let change = Change::Status { to, reason: None };
                told.called_off = yes(Box::pin(self.others.run(self.changes(cast, &change))).await);
            }
            Meanwhile::Writes(says) => {
                if says == "C" {
                    // Who confirms was asked.
                    for _ in 0..150 {
                        if self.house.sent(cast.message).is_some() {
                            break;
                        }
                        tokio::task::yield_now().await;
                    }
                }
                told.text_kept = Box::pin(self.comes_in(&cast.number, says)).await;
                told.stopped = told.text_kept && history.meanwhile.stops();
            }
        }
        told
    }

    /// Somebody writes a text. The provider calls again until it is answered to; what takes it in may die.
    async fn comes_in(&self, number: &str, says: &str) -> bool {
        let id = format!("SM{:0>32}", number.trim_start_matches('+'));
        let call = || House::through(&self.webhooks, House::text_of_twilio(number, says, &id));
        let mut answered = self.others.run(call()).await;
        if answered.as_ref().is_none_or(|(status, _)| !status.is_success()) {
            self.others.arm(None, 1);
            answered = self.others.run(call()).await;
        }
        let jobs = self.house.queue.take(Lane::Inbound, 10);
        let raw: Vec<_> = jobs.iter().map(|delivery| delivery.job.clone()).collect();
        let worked = Box::pin(self.inbound.run(self.taker.run(raw.clone()))).await;
        // What was not done, or by somebody who died, comes again.
        let again = match worked {
            None => raw,
            Some(worked) => raw
                .into_iter()
                .zip(worked)
                .filter(|(_, worked)| worked.is_err())
                .map(|(job, _)| job)
                .collect(),
        };
        self.house.queue.settle(jobs.into_iter().map(|delivery| (delivery, Ok(()))).collect());
        self.house.queue.push(&again).await.unwrap();
        answered.is_some_and(|(status, _)| status.is_success())
    }

    /// The provider tells how the message fares, as soon as it has it: perhaps before anybody else knows.
    async fn receipts(&self, history: &History, message: MessageId) -> Vec<Status> {
        let mut done = Vec::new();
        let mut left = history.receipts.iter();
        for _ in 0..120 {
            tokio::task::yield_now().await;
            let Some(sent) = self.house.sent(message) else { continue };
            let Some(says) = left.next() else { break };
            let code = (*says == "undelivered").then_some("30005");
            let call = House::receipt_of_twilio(&sent, says, code);
            let (status, _) = Box::pin(House::through(&self.receipts, call)).await;
            if status.is_success() {
                done.push(meaning(says));
            }
        }
        done
    }
}

/// Where a message stands by a word of Twilio's.
pub(crate) fn meaning(says: &str) -> Status {
    match says {
        "delivered" => Status::Delivered,
        "read" => Status::Read,
        "undelivered" | "failed" => Status::Failed,
        _ => Status::Sent,
    }
}

/// No provider is called if an opt-out or a change of the visit had been written before the sender read the fact
/// for the last time, and it reads after its claim.
pub(crate) fn nobody_was_told_too_late(history: &History, cast: &Cast, calls: &[Call]) -> Result<(), String> {
    let message = cast.message.to_string();
    let fact = match history.meanwhile {
        Meanwhile::Move | Meanwhile::CallOff => "appointment#",
        meanwhile if meanwhile.stops() => "standing#",
        _ => "",
    };
    // Others of the clinic have visits and addresses too, and calls are made for many at once.
    let (visit, address) = (cast.visit.to_string(), cast.address.digest().to_string());
    let about = |call: &Call, fact: &str| {
        let whose = if fact == "appointment#" { &visit } else { &address };
        !fact.is_empty() && call.body.contains(fact) && call.body.contains(whose)
    };
    let written = calls.iter().position(|call| {
        let by_others = !SENDERS.contains(&call.who);
        by_others && call.done && call.writes() && about(call, fact)
    });
    for who in SENDERS {
        let mine: Vec<(usize, &Call)> =
            calls.iter().enumerate().filter(|(_, call)| call.who == who).collect();
        for (at, _) in mine.iter().filter(|(_, call)| call.sends() && call.body.contains(&message)) {
            let before = || mine.iter().filter(|(index, _)| index < at);
            let claim = before().rfind(|(_, call)| {
                call.writes() && call.body.contains(&message) && call.body.contains("SENDING")
            });
            let Some((claim, _)) = claim else {
                return Err("a provider is called without a claim".to_owned());
            };
            for needed in ["appointment#", "standing#"] {
                let read = before().rfind(|(_, call)| call.reads() && about(call, needed));
                let Some((read, _)) = read else { return Err(format!("{needed} is never read")) };
                if read < claim {
                    return Err(format!("{needed} is read before the claim"));
                }
                if needed == fact && written.is_some_and(|written| written < *read) {
                    return Err("sent although it had been said before the last read".to_owned());
                }
            }
        }
    }
    Ok(())
}
