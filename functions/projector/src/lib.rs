//! Follows the changes of the table: conversation heads, figures, caps, and what the audit log has to seal.
//!
//! Changes come at least once, in order per item. Its own writes come back as changes; none of them is of a
//! kind it follows.

mod figures;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use audit::Actor;
use automations::Reminders;
use jiff::SignedDuration;
use kernel::{ClinicId, Fault, Timestamp, Zone};
use messaging::{
    Asks, Direction, Message, Status, conversation,
    counters::{self, Moved},
};
use people::{
    Clinic,
    appointments::{self, Answer, ChangeFault},
};
use platform::{JobFault, Platform, Worked};
use table::{Change, ClinicTable, Kept, TableFault, changed, keys::ClinicKey};

/// A message before and after a change.
struct Followed {
    before: Option<Kept<Message>>,
    after: Kept<Message>,
}

/// How long the zone of a clinic is remembered. Where a message was counted is kept for two days, so that a change of
/// the zone meanwhile leaves no count behind.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(1);

/// Follows changes on a platform.
pub struct Work {
    platform: Platform,
    zones: Mutex<HashMap<ClinicId, (Timestamp, Zone)>>,
}

impl Work {
    /// Ready on a platform.
    pub fn on(platform: &Platform) -> Self {
        Self { platform: platform.clone(), zones: Mutex::default() }
    }

    /// Follows a batch of changes, in order. A failure means the whole batch again.
    pub async fn run(&self, changes: Vec<Change>) -> Worked {
        audit::noticed(&self.platform.table, &changes).await?;
        let mut clinics: BTreeMap<ClinicId, Vec<Followed>> = BTreeMap::new();
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
                    clinics.entry(clinic).or_default().push(Followed { before, after });
                }
            }
        }
        for (clinic, messages) in clinics {
            self.messages(&self.platform.table.of(clinic), &messages).await?;
        }
        Ok(())
    }

    /// The zone of the clinic's days; UTC for one that was never set up.
    async fn zone(&self, table: &ClinicTable) -> Result<Zone, TableFault> {
        let now = table.clock().now();
        {
            let zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
            let known = zones.get(&table.clinic());
            if let Some((_, zone)) = known.filter(|(since, _)| now.duration_since(*since) < REMEMBERED) {
                return Ok(zone.clone());
            }
        }
        let mut reads = table.reads();
        reads.want(table, &ClinicKey {});
        let clinic = reads.lately().await?.get::<Clinic>(table, &ClinicKey {})?;
        let zone = clinic.map_or_else(Zone::utc, |clinic| clinic.zone.clone());
        let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        zones.retain(|_, (since, _)| now.duration_since(*since) < REMEMBERED);
        zones.insert(table.clinic(), (now, zone.clone()));
        Ok(zone)
    }

    /// What follows from the changes of a clinic's messages.
    async fn messages(&self, table: &ClinicTable, messages: &[Followed]) -> Worked {
        let zone = self.zone(table).await?;
        let moves: Vec<_> = messages
            .iter()
            .map(|Followed { before, after }| Moved { before: before.as_deref(), after, rev: after.rev() })
            .collect();
        counters::count_all(table, &zone, &moves).await?;
        for Followed { before, after } in messages {
            figures::of(before.as_deref(), after);
            if conversation::concerns(before.as_deref(), after) {
                conversation::follow(table, after).await?;
            }
        }
        let was_sent = |message: &Message| message.times.contains_key(&Status::Sent);
        let sent = |one: &&Followed| {
            one.after.direction == Direction::Out
                && was_sent(&one.after)
                && !one.before.as_ref().is_some_and(|kept| was_sent(kept))
        };
        let sent: Vec<&Message> = messages.iter().filter(sent).map(|one| &*one.after).collect();
        counters::count_for_caps(table, &zone, &sent).await?;
        for message in sent {
            self.asked(table, message).await?;
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
