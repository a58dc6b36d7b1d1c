//! What must hold of every history once everything has come to its end.

use std::collections::{BTreeMap, HashMap, HashSet};

use kernel::{Limit, MessageId, PersonId};
use messaging::{
    Direction, Message, Status,
    conversation::Conversation,
    counters,
    desk::{NotSent, Task},
};
use people::{Appointment, appointments::Answer};
use table::{
    Kept,
    keys::{AppointmentKey, ConversationKey, OpenTasks},
};
use testkit::House;

use crate::{
    history::{Cause, Meanwhile},
    world::{Played, World},
};

/// A promise that was not kept.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    /// Which.
    pub(crate) claim: &'static str,
    /// In which history; zero if it cannot be said.
    pub(crate) seed: u64,
    pub(crate) says: String,
}

/// The claims that are looked at, by the names that the table of mistakes shows.
pub(crate) mod claims {
    pub(crate) const TWICE: &str = "R1 nothing is sent twice";
    pub(crate) const LOST: &str = "R1 nothing is lost";
    pub(crate) const LOGGED: &str = "R1 everything is logged";
    pub(crate) const SHOWN: &str = "R1 what is unknown is settled or shown";
    pub(crate) const CONVERGES: &str = "R4 receipts converge";
    pub(crate) const HEEDED: &str = "R5 what was said before is heeded";
    pub(crate) const FIGURES: &str = "every message is in one figure";
    pub(crate) const TAKEN_IN: &str = "what comes in is taken in once";
}
use claims::{CONVERGES, FIGURES, HEEDED, LOGGED, LOST, SHOWN, TAKEN_IN, TWICE};

/// Everything that the clinic has, as it stands in the end.
struct All {
    messages: HashMap<PersonId, Vec<Kept<Message>>>,
    /// What the desk shows.
    shown: HashSet<MessageId>,
}

fn wants_desk(status: Status) -> bool {
    matches!(status, Status::Unknown | Status::Failed | Status::Bounced | Status::Skipped | Status::Expired)
}

impl World {
    fn breaks(&mut self, claim: &'static str, seed: u64, says: impl Into<String>) {
        self.broken.push(Broken { claim, seed, says: says.into() });
    }

    /// Looks at everything that was played.
    pub(crate) async fn looks_at_all(&mut self) {
        let house = &self.stage.house;
        let mut items = house.items(&["message", "inbound", "not_sent"]);
        let messages = House::messages(&mut items);
        let (left, twice) = (house.left_of(&messages, &items), house.providers.taken_twice());
        // Nobody has to look at it again.
        house.may_go_wrong();
        for left in left {
            self.breaks(LOST, 0, left);
        }
        for twice in twice {
            self.breaks(TWICE, 0, twice);
        }
        let mut all = All { messages: HashMap::new(), shown: HashSet::new() };
        for kept in messages {
            all.messages.entry(kept.person).or_default().push(kept);
        }
        for item in items.remove("not_sent").unwrap_or_default() {
            let shown = table::unpack::<NotSent>(item).unwrap();
            all.shown.extend(shown.resolved.is_none().then_some(shown.message));
        }
        let mut statuses: BTreeMap<String, i64> = BTreeMap::new();
        for played in std::mem::take(&mut self.played) {
            let mut messages = all.messages.remove(&played.cast.person).unwrap_or_default();
            messages.sort_unstable_by_key(|kept| kept.id);
            for kept in &messages {
                *statuses.entry(kept.status.name().to_owned()).or_default() += 1;
            }
            Box::pin(self.looks_at(&played, &messages, &all)).await;
            let ours = messages.iter().map(|kept| (kept.id, kept.status, kept.attempts.len()));
            self.hashes(ours.collect::<Vec<_>>());
        }
        let mut counted: BTreeMap<String, i64> = BTreeMap::new();
        for count in counters::counts(&self.stage.house.table, "2026-06").await.unwrap() {
            *counted.entry(count.status).or_default() += count.messages;
        }
        counted.retain(|_, many| *many != 0);
        if counted != statuses {
            self.breaks(FIGURES, 0, format!("counted {counted:?}, there are {statuses:?}"));
        }
    }

    async fn looks_at(&mut self, played: &Played, messages: &[Kept<Message>], all: &All) {
        let seed = played.seed;
        for kept in messages.iter().filter(|kept| kept.direction == Direction::Out) {
            if let Err((claim, says)) = self.message(played, kept, all) {
                self.breaks(claim, seed, format!("{says}: {:?}", **kept));
            }
        }
        let Some(first) = messages.iter().find(|kept| kept.id == played.cast.message) else {
            return self.breaks(LOST, seed, "the message is gone");
        };
        if let Err((claim, says)) = self.first(played, first) {
            self.breaks(claim, seed, format!("{says}: {:?}", **first));
        }
        if let Err((claim, says)) = self.after(played, messages).await {
            self.breaks(claim, seed, says);
        }
    }

    fn taken(&self, id: MessageId) -> usize {
        self.stage.house.providers.times_taken(id)
    }

    /// What holds of any message.
    fn message(&self, played: &Played, kept: &Message, all: &All) -> Result<(), (&'static str, String)> {
        let house = &self.stage.house;
        let taken = self.taken(kept.id);
        let heard = house.providers.heard_of(kept.id);
        let fails = |claim, says: &str| Err((claim, says.to_owned()));
        if taken > 1 {
            return fails(TWICE, "a provider took it twice");
        }
        if !heard.windows(2).all(|pair| pair[0].attempt < pair[1].attempt) {
            return fails(TWICE, "an attempt is more than one call");
        }
        if heard.iter().any(|sent| !kept.attempts.iter().any(|attempt| attempt.n == sent.attempt)) {
            return fails(LOGGED, "a call is not on the record");
        }
        let failed_later = played.told.receipts.contains(&Status::Failed);
        match kept.status {
            Status::Sent | Status::Delivered | Status::Read if taken != 1 => {
                return fails(LOGGED, "it is said to be sent and no provider took it");
            }
            Status::Cancelled | Status::Skipped | Status::Expired if taken != 0 => {
                return fails(HEEDED, "it was ended before it was sent and a provider took it");
            }
            Status::Failed if taken != 0 && !failed_later => {
                return fails(LOGGED, "it is said to have failed and a provider took it");
            }
            Status::Draft | Status::Scheduled | Status::Queued | Status::Sending => {
                return fails(LOST, "it was never brought to an end");
            }
            _ => {}
        }
        if all.shown.contains(&kept.id) != wants_desk(kept.status) {
            return fails(SHOWN, "the desk shows what reached nobody, and nothing else");
        }
        Ok(())
    }

    /// What holds of the message that the history is about.
    fn first(&self, played: &Played, kept: &Message) -> Result<(), (&'static str, String)> {
        let Played { history, told, .. } = played;
        let taken = self.taken(kept.id);
        let fails = |claim, says: &str| Err((claim, says.to_owned()));
        if told.taken_back && (taken > 0 || kept.status != Status::Cancelled) {
            return fails(HEEDED, "staff was told that it is taken back");
        }
        if let Some(lower) = told.receipts.iter().find(|told| kept.status.joined(**told) != kept.status) {
            return Err((CONVERGES, format!("the provider had told {}", lower.name())));
        }
        let stopped = told.stopped || told.moved || told.called_off || told.taken_back;
        let in_its_way = stopped || !matches!(history.meanwhile, Meanwhile::Nothing | Meanwhile::Writes("C"));
        if in_its_way || !history.nobody_died() || !history.provider_was_fair() {
            return Ok(());
        }
        // Of a refusal that nobody heard nobody can tell whether it was one.
        let refusal_unheard = !history.answers.is_empty() && history.kills.iter().any(Option::is_some);
        if taken == 0 && kept.status == Status::Unknown && refusal_unheard {
            return Ok(());
        }
        if taken != 1 {
            return fails(LOST, "nothing stood against it and nobody died, and no provider took it");
        }
        let sent = self.stage.house.sent(kept.id);
        let ids = (
            kept.attempts.last().and_then(|attempt| attempt.provider_id.clone()),
            sent.map(|s| s.provider_id),
        );
        if ids.0 != ids.1 || kept.said.is_none() || kept.address.is_none() {
            return fails(LOGGED, "what was sent, to where and as what is not on the record");
        }
        if kept.status == Status::Unknown {
            return fails(SHOWN, "the provider knows of it and was not asked");
        }
        Ok(())
    }

    /// What follows from what was said meanwhile.
    async fn after(&self, played: &Played, messages: &[Kept<Message>]) -> Result<(), (&'static str, String)> {
        let Played { history, told, cast, .. } = played;
        let table = &self.stage.house.table;
        let fails = |claim, says: &str| Err((claim, says.to_owned()));
        if told.stopped {
            let standing = consent::ledger::standing(table, &cast.address).await.unwrap();
            if !standing.opted_out() {
                return fails(HEEDED, "somebody was told that no message will come, and that is not known");
            }
        }
        if cast.cause == Cause::Reminder && told.moved && history.provider_was_fair() {
            let next = self.stage.planned(cast.visit).await;
            let reminds = next.and_then(|next| messages.iter().find(|kept| kept.id == next));
            match reminds {
                Some(kept) if self.taken(kept.id) == 1 || told.stopped => {}
                // The carrier had told of the first one that the number takes no texts: the desk has to call.
                Some(kept) if told.receipts.contains(&Status::Failed) && kept.status == Status::Skipped => {}
                _ => return fails(LOST, "nobody was reminded of the visit at its new time"),
            }
        }
        let Meanwhile::Writes(says) = history.meanwhile else { return Ok(()) };
        if !told.text_kept {
            return Ok(());
        }
        let came: Vec<_> = messages.iter().filter(|kept| kept.direction == Direction::In).collect();
        if came.len() != 1 {
            return Err((TAKEN_IN, format!("{} texts in the thread after one was written", came.len())));
        }
        let head = table.get::<Conversation>(&ConversationKey { person: cast.person }).await.unwrap();
        if head.is_none_or(|head| head.unread != 1) {
            return fails(TAKEN_IN, "the inbox does not show one text that nobody has read");
        }
        if says == "C" {
            let visit = table.get::<Appointment>(&AppointmentKey { appointment: cast.visit }).await.unwrap();
            let confirmed = visit.is_some_and(|visit| visit.confirmation.answer == Answer::Confirmed);
            let tasks = table.list::<Task>(&OpenTasks::all(), Limit::MOST, None).await.unwrap().items;
            let raised = tasks.iter().any(|task| task.person == cast.person);
            if !confirmed && !raised {
                return fails(TAKEN_IN, "a confirmation is neither noted nor before anybody's eyes");
            }
        }
        if says == crate::history::STOPS[1] {
            let answers = messages.iter().filter(|kept| {
                kept.direction == Direction::Out && matches!(kept.source, messaging::Source::Reply { .. })
            });
            if answers.count() != 1 {
                return fails(TAKEN_IN, "an opt-out in other words gets one answer");
            }
        }
        Ok(())
    }
}
