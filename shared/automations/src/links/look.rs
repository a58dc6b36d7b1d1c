//! What a link shows.

use futures::future::try_join;
use jiff::SignedDuration;
use kernel::Phone;
use messaging::desk::{Task, TaskKind};
use people::{Appointment, Clinic, Location, appointments};
use table::{
    ClinicTable, Kept, Table, TableFault,
    keys::{AppointmentKey, LocationKey, TaskKey},
};

use super::{Link, LinkFault, Purpose, read};
use crate::confirm::{Answer, CONFIRMED_BEFORE, task_id};

/// How long before the visit a link to confirm dies, unless a clinic sets another time: from then on the front
/// desk calls who has not answered.
pub const CONFIRM_CLOSES_BEFORE: SignedDuration = CONFIRMED_BEFORE;

/// How long links live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkLife {
    /// How long before the visit a link to confirm dies.
    pub confirm_closes_before: SignedDuration,
    /// How long before the visit a link to ask for another time dies.
    pub reschedule_closes_before: SignedDuration,
}

impl Default for LinkLife {
    fn default() -> Self {
        Self { confirm_closes_before: CONFIRM_CLOSES_BEFORE, reschedule_closes_before: SignedDuration::ZERO }
    }
}

/// A link that works.
#[derive(Debug, Clone)]
pub struct Looked {
    /// What it says.
    pub link: Link,
    /// The visit.
    pub visit: Kept<Appointment>,
    /// What the patient has said so far.
    pub said: appointments::Answer,
    /// What they can say.
    pub offers: &'static [Answer],
    /// The name of the clinic.
    pub clinic: String,
    /// The number to call.
    pub phone: Option<Phone>,
}

/// What a link leads to. Changes nothing.
pub async fn look(
    table: &Table,
    secrets: &[&[u8]],
    life: &LinkLife,
    text: &str,
) -> Result<Looked, LinkFault> {
    let link = read(secrets, text)?;
    look_at(&table.of(link.clinic), life, link).await
}

pub(super) async fn look_at(table: &ClinicTable, life: &LinkLife, link: Link) -> Result<Looked, LinkFault> {
    let key = AppointmentKey { appointment: link.appointment };
    let (visit, clinic) = try_join(table.get::<Appointment>(&key), Clinic::read(table)).await?;
    let visit = visit.ok_or(LinkFault::Unknown)?;
    let phone = phone(table, &visit, clinic.as_deref()).await?;
    let now = table.clock().now();
    if !visit.is_ahead(now) {
        return Err(LinkFault::Closed(phone));
    }
    if visit.generation != link.generation {
        return Err(LinkFault::Moved(phone));
    }
    let (closes_before, offers): (_, &[Answer]) = match link.purpose {
        Purpose::Confirm => {
            (life.confirm_closes_before, &[Answer::Confirm, Answer::Decline, Answer::Reschedule])
        }
        Purpose::Reschedule => (life.reschedule_closes_before, &[Answer::Reschedule]),
    };
    if visit.starts_at.saturating_sub(closes_before).is_ok_and(|closes| now >= closes) {
        return Err(LinkFault::Expired(phone));
    }
    if link.purpose == Purpose::Reschedule {
        let task = task_id(table, &visit, TaskKind::Reschedule);
        if table.get::<Task>(&TaskKey { task }).await?.is_some() {
            return Err(LinkFault::Used(phone));
        }
    }
    let said = visit.confirmation.answer;
    let clinic = clinic.map(|clinic| clinic.brand.clone()).unwrap_or_default();
    Ok(Looked { link, visit, said, offers, clinic, phone })
}

/// The number of the place of the visit, else the clinic's.
async fn phone(
    table: &ClinicTable,
    visit: &Appointment,
    clinic: Option<&Clinic>,
) -> Result<Option<Phone>, TableFault> {
    let place = match visit.location {
        Some(location) => table.get::<Location>(&LocationKey { location }).await?,
        None => None,
    };
    let of_place = place.and_then(|place| place.phone.clone());
    Ok(of_place.or_else(|| clinic.and_then(|clinic| clinic.help_phone.clone())))
}
