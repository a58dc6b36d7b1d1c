//! The clinic or a provider's report stops messages to an address.

use audit::Actor;
use kernel::PersonId;
use table::ClinicTable;

use crate::{
    address::Address,
    ledger::{ConsentFault, Deed, Entry, Evidence, Standing, StopReason, record},
    rules::Scope,
};

/// Stops messages to an address for a reason that is not an opt-out: a bounce, an invalid number, a complaint,
/// a wrong number, or a decision of staff.
pub async fn suppress(
    table: &ClinicTable,
    address: &Address,
    person: Option<PersonId>,
    (scope, reason): (Scope, StopReason),
    actor: &Actor,
    evidence: Evidence,
) -> Result<Standing, ConsentFault> {
    let allowed =
        !reason.is_readers_will() || matches!(reason, StopReason::Complaint | StopReason::WrongNumber);
    if !allowed {
        return Err(ConsentFault::Invalid {
            at: "/reason",
            says: "what its reader has ended is an opt-out, not a suppression",
        });
    }
    let (address, ending) = (address.digest(), address.ending());
    let entry = Entry { address, ending, person, actor, evidence };
    record(table, &entry, |_| Ok(vec![Deed::Stopped { scope, reason }])).await
}
