//! A reader tells the clinic to end messages, and staff writes it down.

use audit::Actor;
use kernel::PersonId;
use table::ClinicTable;

use crate::{
    address::Address,
    ledger::{ConsentFault, Evidence, Method, Standing},
    opt_out::opt_out,
    rules::Scope,
};

/// Records a revocation that was told to somebody at the clinic, in person, by phone, on a form or by mail. It
/// counts from when it was said, and stops messages at once; the law would allow ten business days
/// (47 CFR 64.1200(a)(10)).
pub async fn revoke(
    table: &ClinicTable,
    address: &Address,
    person: PersonId,
    scope: Scope,
    actor: &Actor,
    evidence: Evidence,
) -> Result<Standing, ConsentFault> {
    if !matches!(evidence.method, Method::Verbal | Method::Form | Method::Email | Method::Import) {
        return Err(ConsentFault::Invalid {
            at: "/evidence/method",
            says: "what staff records was said, written by mail, or stood on a form or in another system",
        });
    }
    opt_out(table, address, Some(person), scope, actor, evidence).await
}
