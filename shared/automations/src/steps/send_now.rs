//! Sending one step by hand.

use std::collections::BTreeMap;

use audit::Actor;
use kernel::{AppointmentId, Category, Id, MessageId};
use messaging::{About, Asks, Body, Draft, Message, SendRequested, Source, Status};
use table::ClinicTable;

use super::{StepFault, named, read::Found};
use crate::plan::{StepState, Why};

/// Sends one step now: its message if it waits, a new one if none was planned or it was taken back. The send
/// gate still decides. Doing it again while it waits for the sender changes nothing. The request is for the
/// queue; the due item brings it in any case.
pub async fn send_now(
    table: &ClinicTable,
    actor: &Actor,
    appointment: AppointmentId,
    n: u32,
) -> Result<SendRequested, StepFault> {
    let found = Found::read(table, appointment, n).await?;
    let now = table.clock().now();
    if !found.visit.is_ahead(now) {
        return Err(StepFault::NotAhead(appointment));
    }
    let mut write = table.write();
    let message = match &found.message {
        Some(kept) if kept.status.is_pending() => {
            if kept.send_at <= now {
                return Ok(kept.request(table.clinic()));
            }
            let mut sooner = (**kept).clone().moved(Status::Queued, now);
            sooner.send_at = now;
            write.replace(kept, &sooner).undue(kept.send_at, &kept.due_id());
            write.due(now, &sooner.due_id(), &sooner.request(table.clinic()));
            sooner
        }
        Some(kept) if kept.status != Status::Cancelled => return Err(StepFault::TooLate(kept.status)),
        _ => {
            let new = by_hand(&found, table, actor);
            messaging::plan(&mut write, &new);
            new
        }
    };
    let plan = found.plan_with(|step| {
        step.state = StepState::Planned;
        step.send_at = Some(now);
        step.message = Some(message.id);
        step.why.retain(|reason| reason.code != Why::CancelledByStaff);
        step.because(Why::SentByStaff);
    });
    write.replace(&found.plan, &plan).check(&found.visit).create(
        &actor.did("reminder.sent_now").on("message", message.id).patient(message.person).entry(table),
    );
    write.commit().await?;
    Ok(message.request(table.clinic()))
}

fn by_hand(found: &Found, table: &ClinicTable, actor: &Actor) -> Message {
    let (step, visit, now) = (found.step(), &found.visit, table.clock().now());
    let parts =
        [table.clinic().to_string(), visit.id.to_string(), step.n.to_string(), found.plan.rev().to_string()];
    let draft = Draft {
        id: MessageId::derived_at(now, &parts.each_ref().map(String::as_str)),
        person: visit.person,
        route: step.route.clone(),
        category: Category::Appointment,
        body: Body::Template {
            template: step.template,
            version: step.template_version,
            values: BTreeMap::new(),
        },
        send_at: now,
        not_after: Some(visit.starts_at),
        about: Some(About {
            appointment: visit.id,
            generation: visit.generation,
            statuses: Vec::new(),
            out_of_reach: true,
            unless_confirmed: false,
        }),
        asks: step.asks_confirmation.then_some(Asks::Confirmation),
        source: Source::Staff { by: named(actor) },
        resend_of: step.message,
    };
    Message::from_draft(draft, now)
}
