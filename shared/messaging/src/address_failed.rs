//! What a failure says about the address: bounces and blocks stop it, a number that takes no texts is marked.

use audit::Actor;
use consent::{
    Address, Scope,
    ledger::{Evidence, Method, StopReason},
};
use kernel::Fault;
use people::{ContactStatus, Person};
use platform::{JobFault, Platform, Worked};
use providers::{Address as To, ErrorClass};
use table::keys::{MessageKey, PersonKey};

use crate::{AttemptStatus, Message, receipt::AddressFailed};

/// Draws the conclusions for the address of a message that failed. Again is the same.
pub async fn address_failed(platform: &Platform, job: AddressFailed) -> Worked {
    let table = platform.table.of(job.clinic);
    let Some(message) = table.get::<Message>(&MessageKey { message: job.message }).await? else {
        return Ok(());
    };
    let (Some(attempt), Some(to)) = (message.attempts.last(), message.address.clone()) else { return Ok(()) };
    let address = match &to {
        To::Phone(phone) => Address::Phone(phone.clone()),
        To::Email(email) => Address::Email(email.clone()),
        To::Device(token) => Address::Device(token.clone()),
    };
    let class = attempt.error.as_ref().map(|error| error.class);
    let reason = match (attempt.status, class, &to) {
        (AttemptStatus::Complained, _, _) => StopReason::Complaint,
        (_, Some(ErrorClass::OptOut), _) => StopReason::Provider,
        (AttemptStatus::Bounced, Some(ErrorClass::Address), To::Email(_)) => StopReason::HardBounce,
        (_, Some(ErrorClass::Address), _) => StopReason::Invalid,
        _ => return Ok(()),
    };
    let evidence = Evidence {
        provider_message: attempt.provider_id.clone().or_else(|| Some(message.id.to_string())),
        ..Evidence::of(Method::Provider, attempt.ended_at.unwrap_or(attempt.at))
    };
    let actor = Actor::system("receipts");
    let reader = message.recipient.unwrap_or(message.person);
    let scope = Scope::All;
    let noted = if reason == StopReason::Provider {
        // It blocks the number because its reader has said so.
        consent::opt_out(&table, &address, Some(reader), scope, &actor, evidence).await
    } else {
        consent::suppress(&table, &address, Some(reader), (scope, reason), &actor, evidence).await
    };
    noted.map_err(|fault| JobFault::from_fault(&fault))?;
    if reason != StopReason::Invalid {
        return Ok(());
    }
    let kept = table.get::<Person>(&PersonKey { person: reader }).await?;
    let Some(kept) = kept else { return Ok(()) };
    let folded = match &to {
        To::Phone(phone) => phone.as_str().to_owned(),
        To::Email(email) => email.folded(),
        To::Device(token) => token.reveal().clone(),
    };
    let code = attempt.error.as_ref().and_then(|error| error.code.clone()).unwrap_or_default();
    let mut person = (*kept).clone();
    let mut changed = false;
    for contact in &mut person.contacts {
        if contact.folded() == folded && contact.status != ContactStatus::Bad {
            contact.status = ContactStatus::Bad;
            contact.status_reason = Some(code.clone());
            contact.status_at = Some(table.clock().now());
            changed = true;
        }
    }
    if !changed {
        return Ok(());
    }
    let mut write = table.write();
    write.replace(&kept, &person);
    write.create(&actor.did("contact.marked_bad").on("person", reader).patient(reader).entry(&table));
    match write.commit().await {
        Err(fault) if fault.is_conflict() => {
            Err(JobFault { kind: kernel::Kind::Unavailable, code: fault.code(), says: fault.to_string() })
        }
        other => Ok(other?),
    }
}
