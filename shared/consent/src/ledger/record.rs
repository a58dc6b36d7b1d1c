//! Adding to the ledger: the event, what it amounts to, and the audit entry, in one transaction.

use std::collections::BTreeMap;

use audit::{Actor, Deed as Logged};
use jiff::SignedDuration;
use kernel::{EventId, Id as _, PersonId, Timestamp};
use table::{ClinicTable, Digest, Kept, WriteFault, keys::StandingKey};

use super::{ConsentEvent, ConsentFault, Deed, Evidence, Standing};

/// What is to be added: deeds with one evidence.
pub(crate) struct Entry<'a> {
    pub(crate) address: Digest,
    pub(crate) ending: String,
    pub(crate) person: Option<PersonId>,
    pub(crate) actor: &'a Actor,
    pub(crate) evidence: Evidence,
}

/// How often a writer that was overtaken tries again.
const TRIES: u8 = 8;

/// A provider's clock may be a little ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Adds what `deeds` makes of the standing as it is. The same evidence twice is the same events, and changes
/// nothing. No deed is no change.
pub(crate) async fn record(
    table: &ClinicTable,
    entry: &Entry<'_>,
    deeds: impl Fn(&Standing) -> Result<Vec<Deed>, ConsentFault>,
) -> Result<Standing, ConsentFault> {
    let now = table.clock().now();
    if entry.evidence.at > now.saturating_add(AHEAD).unwrap_or(now) {
        return Err(ConsentFault::FromTheFuture);
    }
    let address = entry.address;
    let mut tries = 0;
    loop {
        let kept: Option<Kept<Standing>> = table.get(&StandingKey { address }).await?;
        let before =
            kept.as_ref().map_or_else(|| Standing::unknown(address, &entry.ending), |k| (**k).clone());
        let mut after = before.clone();
        let events: Vec<_> = deeds(&before)?.into_iter().map(|deed| entry.event(table, deed, now)).collect();
        let mut differences = Vec::with_capacity(events.len());
        for event in &events {
            let stood = told(&after);
            after.take(event);
            differences.push((stood, told(&after)));
        }
        let known = events.first().is_some_and(|event| entry.is_known(&before, event));
        if events.is_empty() || known {
            return Ok(before);
        }
        let mut write = table.write();
        match &kept {
            Some(kept) => write.replace(kept, &after),
            None => write.create(&after),
        };
        for (event, (stood, stands)) in events.iter().zip(&differences) {
            write.create(event);
            let deed = entry.actor.did(event.deed.action()).on("consent_event", event.id);
            let mut deed = different(deed, stood, stands);
            if let Some(person) = entry.person {
                deed = deed.patient(person);
            }
            write.create(&deed.entry(table));
        }
        match write.commit().await {
            Ok(()) => return Ok(after),
            // The events stand already: another run of the same work was quicker.
            Err(WriteFault::Conflict { kind: "consent_event", .. }) => {
                let kept = table.get::<Standing>(&StandingKey { address }).await?;
                return Ok(kept.map_or(before, Kept::into_value));
            }
            Err(fault) if fault.is_conflict() && tries < TRIES => tries += 1,
            Err(fault) => return Err(fault.into()),
        }
    }
}

/// What holds at an address, in words of the program: levels by channel and category, and stops.
fn told(standing: &Standing) -> BTreeMap<String, &'static str> {
    let mut told = BTreeMap::new();
    for given in &standing.given {
        for category in &given.categories {
            let level = standing.level(given.channel, *category);
            told.insert(format!("{}.{}", given.channel.name(), category.name()), level.name());
        }
    }
    for stop in standing.stops.iter().filter(|stop| stop.holds()) {
        told.insert(format!("STOP.{}", stop.scope.name()), stop.reason.name());
    }
    told
}

fn different(
    deed: Logged,
    before: &BTreeMap<String, &'static str>,
    after: &BTreeMap<String, &'static str>,
) -> Logged {
    let gone = before.keys().filter(|field| !after.contains_key(*field));
    after.keys().chain(gone).fold(deed, |deed, field| {
        let of = |told: &BTreeMap<String, &'static str>| told.get(field).copied().map(Into::into);
        deed.change_of(field, of(before), of(after))
    })
}

impl Entry<'_> {
    fn event(&self, table: &ClinicTable, deed: Deed, now: Timestamp) -> ConsentEvent {
        let id = match &self.evidence.provider_message {
            Some(message) => {
                let what = serde_json::to_string(&deed).unwrap_or_default();
                EventId::derived(&[&table.clinic().to_string(), "consent", message, &what])
            }
            None => table.clock().id(),
        };
        ConsentEvent {
            id,
            address: self.address,
            person: self.person,
            // Keys hold milliseconds: what counts is what can be found again.
            at: Timestamp::from_millisecond(self.evidence.at.as_millisecond()).unwrap_or(self.evidence.at),
            recorded_at: now,
            by: self.actor.who.clone(),
            deed,
            evidence: self.evidence.clone(),
        }
    }

    /// Whether the standing holds this very event: saves a transaction for what comes twice.
    fn is_known(&self, standing: &Standing, event: &ConsentEvent) -> bool {
        self.evidence.provider_message.is_some()
            && (standing.given.iter().any(|given| given.event == event.id)
                || standing.stops.iter().any(|stop| stop.event == event.id && stop.at == event.at))
    }
}
