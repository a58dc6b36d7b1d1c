//! Looking at what became of things.

use std::collections::BTreeMap;

use kernel::{Language, Limit, MessageId, TemplateId};
use messaging::{
    Direction, Draft, Message, Status,
    conversation::Conversation,
    counters,
    desk::{NotSent, Task},
    inbound::Received,
};
use table::{
    Kept,
    keys::{Conversations, MessageKey, NotSentByTime, OpenTasks, UnmatchedInbound},
};

use crate::{House, Patient, Sent, staff};

impl House {
    /// Makes a message; it waits for its time or for the sender.
    pub async fn makes(&self, draft: Draft) -> MessageId {
        messaging::create(&self.platform, &self.table, &staff(), draft).await.unwrap().id
    }

    /// Staff writes a mail to a patient; it waits for the sender.
    pub async fn mails(&self, patient: &Patient<'_>, says: &str) -> MessageId {
        let route = messaging::Route::Only(kernel::Channel::Email);
        self.makes(Draft { route, ..patient.text_of_staff(says) }).await
    }

    /// A message as it is.
    pub async fn message(&self, id: MessageId) -> Kept<Message> {
        self.table.get(&MessageKey { message: id }).await.unwrap().expect("a message")
    }

    /// How far a message is.
    pub async fn status(&self, id: MessageId) -> Status {
        self.message(id).await.status
    }

    /// Why a message ended or waits; empty if nothing was noted.
    pub async fn why(&self, id: MessageId) -> String {
        self.message(id).await.ended.as_ref().map(|ended| ended.code.clone()).unwrap_or_default()
    }

    /// Staff saves a version of a template with another English text; gives back its number.
    pub async fn rewrites(&self, template: TemplateId, says: &str) -> u32 {
        let kept = templates::get(&self.table, template).await.unwrap();
        let version = templates::version(&self.table, template, kept.latest).await.unwrap();
        let mut draft = version.content.into_draft();
        let english: Language = "en".parse().unwrap();
        draft.languages.get_mut(&english).unwrap().sms = Some(says.to_owned());
        let kept = templates::revise(&self.table, &staff(), template, kept.rev(), draft, None).await.unwrap();
        kept.latest
    }

    /// Everything that providers have taken, in order.
    pub fn outbox(&self) -> Vec<Sent> {
        self.providers.taken()
    }

    /// The last thing that a provider has taken.
    pub fn last(&self) -> Sent {
        self.outbox().pop().expect("something was sent")
    }

    /// What a provider has taken of a message.
    pub fn sent(&self, id: MessageId) -> Option<Sent> {
        self.providers.taken_of(id)
    }

    /// What has reached nobody, as the desk lists it.
    pub async fn not_sent(&self) -> Vec<Kept<NotSent>> {
        self.table.list(&NotSentByTime::all(), Limit::MOST, None).await.unwrap().items
    }

    /// Open work for staff.
    pub async fn tasks(&self) -> Vec<Kept<Task>> {
        self.table.list(&OpenTasks::all(), Limit::MOST, None).await.unwrap().items
    }

    /// The inbox.
    pub async fn conversations(&self) -> Vec<Kept<Conversation>> {
        self.table.list(&Conversations::all(), Limit::MOST, None).await.unwrap().items
    }

    /// What came in and leads to nobody.
    pub async fn unmatched(&self) -> Vec<Kept<Received>> {
        self.table.list(&UnmatchedInbound::all(), Limit::MOST, None).await.unwrap().items
    }

    /// The figures of a month by status, of what went out; after making sure that every message of these
    /// patients is counted exactly once and nothing else is.
    pub async fn figures(&self, month: &str, patients: &[&Patient<'_>]) -> BTreeMap<String, i64> {
        let mut counted: BTreeMap<String, i64> = BTreeMap::new();
        for count in counters::counts(&self.table, month).await.unwrap() {
            if count.source != "inbound" {
                *counted.entry(count.status).or_default() += count.messages;
            }
        }
        counted.retain(|_, many| *many != 0);
        let mut there: BTreeMap<String, i64> = BTreeMap::new();
        for patient in patients {
            for message in patient.thread().await {
                if message.direction == Direction::Out {
                    *there.entry(message.status.name().to_owned()).or_default() += 1;
                }
            }
        }
        assert_eq!(counted, there, "the figures are those of the messages");
        counted
    }
}
