//! A reader ends messages by a word or a link.

use audit::Actor;
use kernel::PersonId;
use table::ClinicTable;

use crate::{
    address::Address,
    ledger::{ConsentFault, Deed, Entry, Evidence, Method, Standing, StopReason, record},
    rules::Scope,
};

/// Ends messages to an address at once, for everybody who shares it. `person` is who is thought to have said
/// it, if known. The same evidence twice changes nothing.
pub async fn opt_out(
    table: &ClinicTable,
    address: &Address,
    person: Option<PersonId>,
    scope: Scope,
    actor: &Actor,
    evidence: Evidence,
) -> Result<Standing, ConsentFault> {
    let reason = match evidence.method {
        Method::Sms => StopReason::Keyword,
        Method::Provider => StopReason::Provider,
        Method::Web | Method::Link | Method::Email => StopReason::Unsubscribed,
        Method::Verbal | Method::Form | Method::Import => StopReason::Told,
        Method::Staff => {
            return Err(ConsentFault::Invalid {
                at: "/evidence/method",
                says: "an opt-out is the reader's; what staff decides is a suppression",
            });
        }
    };
    let (address, ending) = (address.digest(), address.ending());
    let entry = Entry { address, ending, person, actor, evidence };
    record(table, &entry, |_| Ok(vec![Deed::Stopped { scope, reason }])).await
}
