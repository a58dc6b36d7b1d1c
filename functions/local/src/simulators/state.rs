//! What the facts add up to.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use kernel::{Phone, Timestamp};

use super::{
    fact::{Fact, Line, Mail, Text},
    happening::{self, Happening},
    twilio::Status,
};

/// How many happenings the page can look back on.
const LOOK_BACK: usize = 1_000;

/// The phones, the mailboxes and what is still to come.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The number of the last fact.
    pub(super) n: u64,
    /// Texts in the order they were taken, in both directions, with what the network wrote.
    pub(super) bubbles: Vec<Bubble>,
    by_sid: HashMap<String, usize>,
    /// Mails in the order they were taken.
    pub(super) mails: Vec<Mailed>,
    by_mail: HashMap<String, usize>,
    /// Which phone blocked which of our numbers.
    pub(super) blocked: BTreeSet<(Phone, String)>,
    /// How often a message was turned away, by reference, else by address.
    pub(super) turned_away: BTreeMap<String, u32>,
    /// What happened lately, in words.
    pub(super) happenings: VecDeque<Happening>,
}

/// What a phone shows as one bubble.
#[derive(Debug)]
pub(super) struct Bubble {
    /// The fact that made it.
    pub(super) n: u64,
    /// The last fact that changed it.
    pub(super) changed: u64,
    pub(super) at: Timestamp,
    pub(super) moved_at: Timestamp,
    pub(super) way: Way,
    pub(super) text: Text,
    pub(super) status: Status,
    pub(super) code: Option<u32>,
    /// How many steps of the script are told; for a reply 1 once its webhook is through.
    pub(super) told: usize,
}

/// Who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The clinic.
    Out,
    /// The patient.
    In,
    /// The network.
    Network,
}

/// A mail and how far it got.
#[derive(Debug)]
pub(super) struct Mailed {
    pub(super) n: u64,
    pub(super) changed: u64,
    pub(super) at: Timestamp,
    pub(super) mail: Mail,
    pub(super) told: usize,
    pub(super) unsubscribed: Option<u16>,
}

impl State {
    /// A text or reply by its sid.
    pub(super) fn bubble(&self, sid: &str) -> Option<&Bubble> {
        self.by_sid.get(sid).map(|index| &self.bubbles[*index])
    }

    /// A mail by its id.
    pub(super) fn mailed(&self, id: &str) -> Option<&Mailed> {
        self.by_mail.get(id).map(|index| &self.mails[*index])
    }

    /// The number of ours that last wrote to a phone.
    pub(super) fn last_ours(&self, phone: &Phone) -> Option<&Text> {
        self.bubbles.iter().rev().find(|b| b.text.phone == *phone && b.way == Way::Out).map(|b| &b.text)
    }

    /// Takes in the next fact.
    pub(super) fn apply(&mut self, line: Line) {
        let Line { n, at, fact } = line;
        self.n = n;
        let phrase = happening::phrase(self, &fact);
        match fact {
            Fact::TextAccepted(text) => self.add(n, at, Way::Out, text),
            Fact::ReplyWritten(text) => self.add(n, at, Way::In, text),
            Fact::NetworkNote { phone, ours, body } => {
                let (sid, first) = (format!("note-{n}"), Status::Delivered);
                let text = Text {
                    sid,
                    phone,
                    ours,
                    body: body.into(),
                    service: None,
                    callback: None,
                    reference: None,
                    first,
                    script: Vec::new(),
                };
                self.add(n, at, Way::Network, text);
            }
            Fact::TextMoved { sid, status, code } => {
                if let Some(bubble) = self.bubble_mut(&sid)
                    && status.rank() > bubble.status.rank()
                {
                    (bubble.status, bubble.code, bubble.moved_at, bubble.changed) = (status, code, at, n);
                }
            }
            Fact::TextTold { sid, told, .. } => {
                if let Some(bubble) = self.bubble_mut(&sid) {
                    bubble.told = bubble.told.max(told);
                }
            }
            Fact::ReplyTold { sid, answer } => {
                if let Some(bubble) = self.bubble_mut(&sid) {
                    (bubble.told, bubble.changed) = (1, n);
                    if answer.is_none_or(|status| status >= 400) {
                        bubble.status = Status::Failed;
                    }
                }
            }
            Fact::OptedOut { phone, ours } => {
                self.blocked.insert((phone, ours));
            }
            Fact::OptedIn { phone, ours } => {
                self.blocked.remove(&(phone, ours));
            }
            Fact::TurnedAway { to, reference, .. } => {
                let key = reference.unwrap_or_else(|| to.into_revealed());
                *self.turned_away.entry(key).or_default() += 1;
            }
            Fact::MailAccepted(mail) => {
                self.by_mail.insert(mail.id.clone(), self.mails.len());
                self.mails.push(Mailed { n, changed: n, at, mail, told: 0, unsubscribed: None });
            }
            Fact::MailTold { id, told, .. } => {
                if let Some(mailed) = self.mailed_mut(&id) {
                    (mailed.told, mailed.changed) = (mailed.told.max(told), n);
                }
            }
            Fact::Unsubscribed { id, answer } => {
                if let Some(mailed) = self.mailed_mut(&id) {
                    (mailed.unsubscribed, mailed.changed) = (answer, n);
                }
            }
        }
        if let Some((tone, says)) = phrase {
            if self.happenings.len() == LOOK_BACK {
                self.happenings.pop_front();
            }
            self.happenings.push_back(Happening { n, at, tone, says });
        }
    }

    fn add(&mut self, n: u64, at: Timestamp, way: Way, text: Text) {
        self.by_sid.insert(text.sid.clone(), self.bubbles.len());
        let status = text.first;
        self.bubbles.push(Bubble { n, changed: n, at, moved_at: at, way, text, status, code: None, told: 0 });
    }

    fn bubble_mut(&mut self, sid: &str) -> Option<&mut Bubble> {
        self.by_sid.get(sid).map(|index| &mut self.bubbles[*index])
    }

    fn mailed_mut(&mut self, id: &str) -> Option<&mut Mailed> {
        self.by_mail.get(id).map(|index| &mut self.mails[*index])
    }
}
