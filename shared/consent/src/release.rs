//! Staff takes a suppression back.

use audit::Actor;
use jiff::SignedDuration;
use kernel::{Masked, Timestamp};
use table::{ClinicTable, Digest, keys::StandingKey};

use crate::{
    ledger::{ConsentFault, Deed, Entry, Evidence, Method, Standing, StopReason, record},
    rules::Scope,
};

/// Releases a suppression that is not the reader's will, with the reason why. What the reader has ended, a word
/// or a complaint, nobody but the reader can take back: [`crate::opt_in`]. The digest is enough: what is
/// suppressed has a standing.
pub async fn release(
    table: &ClinicTable,
    address: Digest,
    (scope, reason): (Scope, StopReason),
    why: &str,
    actor: &Actor,
) -> Result<Standing, ConsentFault> {
    if reason.is_readers_will() {
        return Err(ConsentFault::OnlyTheReader);
    }
    if why.trim().is_empty() || why.chars().count() > 500 {
        return Err(ConsentFault::Invalid {
            at: "/why",
            says: "a release has a reason of 1 to 500 characters",
        });
    }
    let in_force = |standing: &Standing| {
        let stops = standing.stops.iter();
        stops
            .filter(|stop| stop.scope == scope && stop.reason == reason && stop.holds())
            .map(|stop| stop.at)
            .max()
    };
    let kept = table.get::<Standing>(&StandingKey { address }).await?.ok_or(ConsentFault::NotInForce)?;
    let since = in_force(&kept).ok_or(ConsentFault::NotInForce)?;
    let evidence = Evidence {
        note: Some(Masked::new(why.trim().to_owned())),
        ..Evidence::of(Method::Staff, after(since, table.clock().now()))
    };
    let entry = Entry { address, ending: kept.ending.clone(), person: None, actor, evidence };
    record(table, &entry, |standing| {
        in_force(standing).map(|_| vec![Deed::Released { scope, reason }]).ok_or(ConsentFault::NotInForce)
    })
    .await
}

/// Now, but after what is released: a provider's clock may be ahead of ours.
fn after(since: Timestamp, now: Timestamp) -> Timestamp {
    now.max(since.saturating_add(SignedDuration::from_millis(1)).unwrap_or(now))
}
