//! Answering through a link.

use audit::Actor;
use people::{
    Replan,
    appointments::{ChangeFault, How},
};
use table::{ClinicTable, Table};

use super::{Link, LinkFault, LinkLife, look::look_at, read};
use crate::{
    Reminders,
    confirm::{Answer, Answered, answer},
};

/// Takes the answer that somebody gave on the page behind a link. The same answer again changes nothing.
pub async fn act(
    table: &Table,
    secrets: &[&[u8]],
    life: &LinkLife,
    text: &str,
    said: Answer,
) -> Result<Answered, LinkFault> {
    let link = read(secrets, text)?;
    let table = table.of(link.clinic);
    act_for(&table, &Reminders::of(&table), life, link, said).await
}

/// The same for a link that was read, with a planner of the caller's.
pub async fn act_for<R: Replan>(
    table: &ClinicTable,
    plan: &R,
    life: &LinkLife,
    link: Link,
    said: Answer,
) -> Result<Answered, LinkFault> {
    let looked = look_at(table, life, link).await?;
    if !looked.offers.contains(&said) {
        return Err(LinkFault::NotOffered);
    }
    // Whoever holds the link speaks for the patient; who that is, a link cannot tell.
    let actor = Actor::patient(looked.visit.person);
    match answer(table, plan, &actor, link.appointment, said, How::Link).await {
        Err(ChangeFault::Closed(_) | ChangeFault::Begun(_)) => Err(LinkFault::Closed(looked.phone)),
        done => Ok(done?),
    }
}
