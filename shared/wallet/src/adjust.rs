//! Correcting a balance by hand.

use audit::{Actor, Severity, Who};
use table::{ClinicTable, Write, WriteFault, keys::BookedOnceKey};

use crate::{
    Amount, Terms, WalletFault,
    ledger::{BookedOnce, Extra, Seat, append},
};

/// Corrects a balance up or down, with an entry in the log. `key` names the correction: the same key is the same
/// correction, made once. A correction downwards takes no more than is available.
pub async fn adjust(
    table: &ClinicTable,
    terms: &Terms,
    actor: &Actor,
    amount: Amount,
    reason: &str,
    key: &str,
) -> Result<(), WalletFault> {
    let by = match &actor.who {
        Who::Staff { id, .. } => id.to_string(),
        Who::Patient { .. } => "patient".to_owned(),
        Who::System { name } | Who::Outside { name } => name.clone(),
    };
    let deed = actor
        .did("wallet.adjusted")
        .on_word("wallet", "balance")
        .severity(Severity::Critical)
        .change_of("amount", None, Some(amount.minor.into()))
        .entry(table);
    let with = |write: &mut Write| {
        write.create(&deed);
    };
    let once = format!("adjust/{key}");
    let extra = Extra { once: Some(once.clone()), with: Some(&with), later: None };
    let done = append(table, terms, amount.unit, &mut Seat::default(), &extra, |book| {
        let fits = book.adjust(amount.minor, &by, reason);
        if fits { Ok(()) } else { Err(WalletFault::Insufficient(amount.unit)) }
    })
    .await;
    match done {
        Ok(_) | Err(WalletFault::Write(WriteFault::Conflict { kind: "booked_once", .. })) => Ok(()),
        // Made before, it cannot be made again and need not be.
        Err(WalletFault::Insufficient(_))
            if table.get::<BookedOnce>(&BookedOnceKey { what: once }).await?.is_some() =>
        {
            Ok(())
        }
        Err(fault) => Err(fault),
    }
}
