//! What an address amounts to, as it is shown.

use consent::{
    Scope,
    ledger::{Level, Standing, StopReason},
};
use kernel::{Category, Channel, ContactId, EventId, PersonId, Timestamp};
use serde::Serialize;
use table::Digest;
use utoipa::ToSchema;

/// Consent and suppressions of one address, for everybody who shares it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "9f86d081884c7d659a2feaa0c55ad015",
    "ending": "23",
    "contact": "con_01m8cz00000000000000000000",
    "people": ["per_01m8cz00000000000000000000"],
    "opted_out": false,
    "given": [{
        "channel": "SMS", "categories": ["APPOINTMENT"], "level": "EXPRESS",
        "at": "2026-11-22T08:00:00Z", "event": "evt_01m8cz00000000000000000000"
    }],
    "stops": [{
        "reason": "HARD_BOUNCE", "since": "2026-11-20T08:00:00Z", "in_force": false,
        "only_the_reader": false, "released_at": "2026-11-21T08:00:00Z"
    }]
}))]
pub(in crate::routes) struct StandingView {
    /// Stands for the address, which is not shown: the same number or mailbox has the same id.
    #[schema(value_type = String)]
    id: Digest,
    /// The end of the address, to tell it from others: two digits or the domain.
    ending: String,
    /// The contact point, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    contact: Option<ContactId>,
    /// The persons it was about.
    #[schema(value_type = Vec<String>)]
    pub(in crate::routes) people: Vec<PersonId>,
    /// Whether its reader has ended all messages.
    opted_out: bool,
    /// What was agreed to. What was ended later by its reader counts no more.
    given: Vec<GivenView>,
    /// What stops messages, or did.
    stops: Vec<StopView>,
}

/// A consent.
#[derive(Debug, Serialize, ToSchema)]
struct GivenView {
    #[schema(value_type = String)]
    channel: Channel,
    #[schema(value_type = Vec<String>)]
    categories: Vec<Category>,
    /// `EXPRESS` or `WRITTEN`.
    #[schema(value_type = String)]
    level: Level,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Where the ledger says so.
    #[schema(value_type = String)]
    event: EventId,
}

/// Something that stops messages, or did.
#[derive(Debug, Serialize, ToSchema)]
struct StopView {
    /// What it stops; everything if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    category: Option<Category>,
    /// `HARD_BOUNCE`, `INVALID`, `COMPLAINT`, `WRONG_NUMBER`, `STAFF`, `KEYWORD`, `UNSUBSCRIBED`, `PROVIDER` or
    /// `TOLD`.
    #[schema(value_type = String)]
    reason: StopReason,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    in_force: bool,
    /// Whether only its reader can take it back.
    only_the_reader: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    released_at: Option<Timestamp>,
}

/// The category of a scope; absent for everything.
pub(in crate::routes) fn category_of(scope: Scope) -> Option<Category> {
    match scope {
        Scope::All => None,
        Scope::Category(category) => Some(category),
    }
}

impl StandingView {
    pub(in crate::routes) fn of(standing: Standing, contact: Option<ContactId>) -> Self {
        let opted_out = standing.opted_out();
        let given = standing.given.into_iter().map(|given| GivenView {
            channel: given.channel,
            categories: given.categories,
            level: given.level,
            at: given.at,
            event: given.event,
        });
        // A release that came before what it releases stands alone: nothing has been stopped yet.
        let stops = standing.stops.into_iter().filter(|stop| stop.at > Timestamp::MIN);
        let stops = stops.map(|stop| StopView {
            category: category_of(stop.scope),
            reason: stop.reason,
            since: stop.at,
            in_force: stop.holds(),
            only_the_reader: stop.reason.is_readers_will(),
            released_at: stop.released_at,
        });
        Self {
            id: standing.address,
            ending: standing.ending,
            contact,
            people: standing.people,
            opted_out,
            given: given.collect(),
            stops: stops.collect(),
        }
    }
}
