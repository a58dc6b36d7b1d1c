//! A reader begins messages again.

use audit::Actor;
use kernel::{Channel, PersonId};
use table::ClinicTable;

use crate::{
    address::Address,
    grant::Grant,
    ledger::{ConsentFault, Deed, Entry, Evidence, Method, Standing, StopReason, record},
    rules::Scope,
};

/// Takes back what the reader had ended, and records consent to messages about care over the channel. Marketing
/// stays ended until it is agreed to again. What is not the reader's will, such as a bounce, stays. An opt-in
/// from before the opt-out does not lift it.
pub async fn opt_in(
    table: &ClinicTable,
    address: &Address,
    person: Option<PersonId>,
    channel: Channel,
    actor: &Actor,
    evidence: Evidence,
) -> Result<Standing, ConsentFault> {
    if !address.takes(channel) {
        return Err(ConsentFault::Invalid { at: "/channel", says: "the address does not take this channel" });
    }
    if matches!(evidence.method, Method::Staff | Method::Provider | Method::Import) {
        return Err(ConsentFault::Invalid {
            at: "/evidence/method",
            says: "only the reader can begin messages again",
        });
    }
    let care = Grant::care(channel);
    let (address, ending) = (address.digest(), address.ending());
    let entry = Entry { address, ending, person, actor, evidence };
    record(table, &entry, |standing| {
        let given = Deed::Granted { channel, categories: care.categories.clone(), level: care.level };
        // A stop that was said before and comes in later is taken back as well.
        let stop = (Scope::All, StopReason::Keyword);
        let ended = standing.stops.iter().filter(|stop| stop.holds() && stop.reason.is_readers_will());
        let others = ended.map(|stop| (stop.scope, stop.reason)).filter(|other| *other != stop);
        let released = std::iter::once(stop).chain(others);
        let released = released.map(|(scope, reason)| Deed::Released { scope, reason });
        Ok(std::iter::once(given).chain(released).collect())
    })
    .await
}
