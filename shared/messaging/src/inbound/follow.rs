//! What follows from a reply: for consent, for the visit, for staff. Each step is the same when done again.

use audit::Actor;
use consent::{
    Address, Scope,
    ledger::{Evidence, Method, StopReason},
    reply::{Because, Intent, Reading},
};
use kernel::{Channel, PersonId, Timestamp};
use people::{
    Clinic, Replan,
    appointments::{self, Change, ChangeFault, How},
};
use platform::Platform;
use table::{ClinicTable, keys::MessageKey};

use super::{InboundFault, Received, find::Sender};
use crate::{
    Message,
    desk::{Task, TaskKind},
};

/// A reply and everything that is known about it.
pub(super) struct Step<'a> {
    pub(super) platform: &'a Platform,
    pub(super) table: &'a ClinicTable,
    pub(super) text: &'a Received,
    pub(super) clinic: &'a Clinic,
    pub(super) address: &'a Address,
    pub(super) reading: &'a Reading,
    pub(super) sender: &'a Sender,
    pub(super) person: Option<PersonId>,
    pub(super) opted_out: bool,
}

impl Step<'_> {
    fn at(&self) -> Timestamp {
        self.text.received_at
    }

    fn actor(&self) -> Actor {
        self.sender
            .holder()
            .map(|person| person.id)
            .or(self.person)
            .map_or_else(|| Actor::outside("text message"), Actor::patient)
    }

    fn evidence(&self) -> Evidence {
        Evidence {
            words: Some(self.text.inbound.body.clone()),
            provider_message: Some(self.text.inbound.provider_id.clone()),
            ..Evidence::of(Method::Sms, self.at())
        }
    }

    /// Opt-out and opt-in come before everything else, and hold for whoever has the number.
    pub(super) async fn consent(&self, ends: Scope) -> Result<(), InboundFault> {
        let actor = self.actor();
        if self.reading.wrong_number {
            let stop = (Scope::All, StopReason::WrongNumber);
            consent::suppress(self.table, self.address, self.person, stop, &actor, self.evidence()).await?;
        } else if self.reading.intent == Intent::OptOut {
            consent::opt_out(self.table, self.address, self.person, ends, &actor, self.evidence()).await?;
        }
        if self.reading.intent == Intent::OptIn || self.reading.also_opt_in {
            consent::opt_in(self.table, self.address, self.person, Channel::Sms, &actor, self.evidence())
                .await?;
        }
        Ok(())
    }

    /// Confirms or declines the visits it is about.
    pub(super) async fn visits<R: Replan>(&self, plan: &R) -> Result<(), InboundFault> {
        let actor = self.actor();
        let by = self.sender.holder().map(|person| person.id).or(self.person).map(|id| id.to_string());
        let by = by.unwrap_or_default();
        let change = match self.reading.intent {
            Intent::Confirm => Change::Confirm { by, how: How::Reply },
            Intent::Decline => Change::Decline { by, how: How::Reply },
            _ => return Ok(()),
        };
        for visit in &self.reading.visits {
            match appointments::change(self.table, plan, &actor, *visit, None, &change).await {
                Ok(_) => {}
                // It was called off or began between reading and now: staff looks at it.
                Err(ChangeFault::Closed(_) | ChangeFault::Begun(_) | ChangeFault::NotFound(_)) => {
                    self.raise(TaskKind::LateReply).await?;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    /// Notes on the message that asked that it was answered, and when.
    pub(super) async fn prompt(&self) -> Result<(), InboundFault> {
        let Some(prompt) = self.reading.prompt else { return Ok(()) };
        for _ in 0..4 {
            let Some(kept) = self.table.get::<Message>(&MessageKey { message: prompt }).await? else {
                return Ok(());
            };
            if kept.replied.is_some() {
                return Ok(());
            }
            let mut next = (*kept).clone();
            next.replied = Some((self.text.message_id(self.table.clinic()), self.at()));
            let mut write = self.table.write();
            write.replace(&kept, &next);
            match write.commit().await {
                Err(fault) if fault.is_conflict() => {}
                other => return Ok(other?),
            }
        }
        Ok(())
    }

    /// Work for staff, where the reply needs a person.
    pub(super) async fn tasks(&self) -> Result<(), InboundFault> {
        if self.reading.wrong_number {
            return self.raise(TaskKind::WrongNumber).await;
        }
        match self.reading.intent {
            Intent::Reschedule => self.raise(TaskKind::Reschedule).await,
            Intent::Decline => self.raise(TaskKind::Declined).await,
            Intent::Unclear if self.reading.because == Because::Late => self.raise(TaskKind::LateReply).await,
            Intent::Unclear => self.raise(TaskKind::ReadReply).await,
            Intent::OptOut if self.reading.also_task => self.raise(TaskKind::CheckOptOut).await,
            _ if self.reading.also_task => self.raise(TaskKind::ReadReply).await,
            _ => Ok(()),
        }
    }

    async fn raise(&self, kind: TaskKind) -> Result<(), InboundFault> {
        let Some(person) = self.person else { return Ok(()) };
        let id = self.text.message_id(self.table.clinic());
        let mut task = Task::from_cause(kind, &id.to_string(), person, self.at());
        task.message = Some(id);
        let answered = self.sender.answered(self.reading).and_then(|message| message.about.as_ref());
        task.appointment =
            self.reading.visits.first().copied().or_else(|| answered.map(|about| about.appointment));
        let mut write = self.table.write();
        task.raise(self.table, &mut write).await?;
        match write.commit().await {
            Err(fault) if !fault.is_conflict() => Err(fault.into()),
            _ => Ok(()),
        }
    }
}
