//! What the gate would say about a message that nobody sends.

use kernel::{Category, Channel, ContactId, PersonId, Timestamp, Zone};
use table::ClinicTable;

use crate::{
    address::Address,
    counters::counted,
    gate::{Candidate, GateDecision, Inputs, Origin, PersonFacts, Purpose, Reader, Route, decide},
    hours::Hours,
    ledger::{ConsentFault, Standing, standings},
    preference::Preference,
    set_preferences::preference,
    settings::settings,
};

/// A message that might be sent, and the facts that consent does not keep itself.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Who would read it: the person, or the guardian of a minor.
    pub reader: PersonId,
    /// The person it would be about.
    pub person: PersonFacts,
    /// The addresses it could go to, in the order to try.
    pub addresses: &'a [(Channel, Option<ContactId>, Reader, Address)],
    /// What it would be about.
    pub category: Category,
    /// Who would start it.
    pub origin: Origin,
    /// Which channels may be used.
    pub route: Route<'a>,
    /// When it would go out.
    pub when: Timestamp,
    /// The last moment at which it is of use.
    pub not_after: Option<Timestamp>,
    /// Channels the clinic can use.
    pub ready: &'a [Channel],
    /// Zones the reader may be in, the likeliest first.
    pub zones: &'a [Zone],
    /// The state the reader is in.
    pub state: Option<&'a str>,
    /// The clinic's business hours.
    pub business_hours: Option<&'a Hours>,
    /// The clinic's own hours for messages, if it has set any.
    pub clinic_hours: Option<&'a Hours>,
}

/// The decision about a message as it would be now; nothing is sent, written or counted.
pub async fn explain(table: &ClinicTable, question: &Question<'_>) -> Result<GateDecision, ConsentFault> {
    let addresses: Vec<Address> = question.addresses.iter().map(|(.., address)| address.clone()).collect();
    let standings = standings(table, &addresses).await?;
    let stated = preference(table, question.reader).await?;
    let own = settings(table).await?.map(table::Kept::into_value).unwrap_or_default();
    let rules = own.rules();
    let zone = question.zones.first().cloned().unwrap_or_else(Zone::utc);
    let now = table.clock().now();
    let when = question.when.max(now);
    let counters = counted(table, question.reader, &zone, when, question.category).await?;
    let none = Preference::default();
    let candidates: Vec<_> = question
        .addresses
        .iter()
        .zip(&standings)
        .map(|((channel, contact, reader, address), standing): (_, &Standing)| Candidate {
            channel: *channel,
            contact: *contact,
            reader: *reader,
            usable: address.takes(*channel),
            standing,
        })
        .collect();
    Ok(decide(&Inputs {
        now,
        when,
        not_after: question.not_after,
        category: question.category,
        purpose: Purpose::Ordinary,
        origin: question.origin,
        route: question.route,
        person: question.person,
        candidates: &candidates,
        preference: stated.as_ref().map_or(&none, |kept| &kept.preference),
        defaults: &own.defaults,
        ready: question.ready,
        counters,
        zones: question.zones,
        state: question.state,
        business_hours: question.business_hours,
        clinic_hours: question.clinic_hours,
        rules: &rules,
    }))
}
