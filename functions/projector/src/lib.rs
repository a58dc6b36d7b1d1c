//! Follows the changes of the table: conversation heads, figures, caps, and what the audit log has to seal.
//!
//! Changes come at least once, in order per item. Its own writes come back as changes; none of them is of a
//! kind it follows.

mod figures;

use audit::Actor;
use automations::Reminders;
use kernel::Fault;
use messaging::{Asks, Direction, Message, Status, conversation, counters};
use people::appointments::{self, Answer, ChangeFault};
use platform::{JobFault, Platform, Worked};
use table::{Change, ClinicTable, Kept, changed};

/// Follows changes on a platform.
pub struct Work {
    platform: Platform,
}

impl Work {
    /// Ready on a platform.
    pub fn on(platform: &Platform) -> Self {
        Self { platform: platform.clone() }
    }

    /// Follows a batch of changes, in order. A failure means the whole batch again.
    pub async fn run(&self, changes: Vec<Change>) -> Worked {
        audit::noticed(&self.platform.table, &changes).await?;
        for change in &changes {
            let Some(clinic) = change.clinic() else { continue };
            match changed::<Message>(change) {
                None | Some(Ok((_, None))) => {}
                Some(Err(fault)) => {
                    // One that cannot be read today will not be readable when it comes again.
                    tracing::error!(
                        fault = fault.code(),
                        "a changed message cannot be read and is passed over"
                    );
                }
                Some(Ok((before, Some(after)))) => {
                    self.message(&self.platform.table.of(clinic), before.as_ref(), &after).await?;
                }
            }
        }
        Ok(())
    }

    async fn message(
        &self,
        table: &ClinicTable,
        before: Option<&Kept<Message>>,
        after: &Kept<Message>,
    ) -> Worked {
        figures::of(before.map(|kept| &**kept), after);
        counters::count(table, before.map(|kept| &**kept), after, after.rev()).await?;
        conversation::follow(table, after).await?;
        let was_sent = |message: &Message| message.times.contains_key(&Status::Sent);
        if after.direction == Direction::Out && was_sent(after) && !before.is_some_and(|kept| was_sent(kept))
        {
            counters::count_for_caps(table, after).await?;
            self.asked(table, after).await?;
        }
        Ok(())
    }

    /// A visit whose patient was asked waits for an answer.
    async fn asked(&self, table: &ClinicTable, message: &Message) -> Worked {
        let (Some(Asks::Confirmation), Some(about)) = (message.asks, &message.about) else { return Ok(()) };
        let change = appointments::Change::Asked;
        let reminders = Reminders::of(table);
        let key = table::keys::AppointmentKey { appointment: about.appointment };
        let visit = table.get::<people::Appointment>(&key).await?;
        if visit.is_none_or(|visit| visit.confirmation.answer != Answer::Unconfirmed) {
            return Ok(());
        }
        let actor = Actor::system("projector");
        match appointments::change(table, &reminders, &actor, about.appointment, None, &change).await {
            Ok(_) | Err(ChangeFault::Closed(_) | ChangeFault::Begun(_) | ChangeFault::NotFound(_)) => Ok(()),
            Err(fault) => Err(JobFault::from_fault(&fault)),
        }
    }
}
