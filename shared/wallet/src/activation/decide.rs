//! Deciding about an application; the platform's staff do.

use audit::{Actor, Severity};
use kernel::LocationId;
use table::{ClinicTable, Kept};

use super::{Activation, ActivationFault, ServiceState, activation, file};
use crate::Terms;

/// What the platform's staff decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Somebody looks at it.
    Begin,
    /// The clinic has to answer something first.
    Ask {
        /// What.
        says: String,
    },
    /// It is fine: the location may send, or a new sender name holds.
    Approve,
    /// It is not: the location may not send, or the new sender name does not come to hold.
    Reject {
        /// Why.
        says: String,
    },
    /// The location may send no more.
    Suspend {
        /// Why.
        says: String,
    },
    /// It may again.
    Resume,
}

impl Decision {
    /// The state a decision leads to from another, if it can be taken there.
    fn leads(&self, from: ServiceState) -> Option<ServiceState> {
        use ServiceState::{Active, InReview, NeedsInfo, Rejected, Submitted, Suspended};
        match (self, from) {
            (Self::Begin, Submitted) => Some(InReview),
            (Self::Ask { .. }, Submitted | InReview) => Some(NeedsInfo),
            (Self::Approve, Submitted | InReview) | (Self::Resume, Suspended) => Some(Active),
            (Self::Reject { .. }, Submitted | InReview) => Some(Rejected),
            (Self::Suspend { .. }, Active) => Some(Suspended),
            _ => None,
        }
    }

    fn says(&self) -> Option<String> {
        match self {
            Self::Ask { says } | Self::Reject { says } | Self::Suspend { says } => Some(says.clone()),
            _ => None,
        }
    }
}

/// Takes a decision about the application read at `version`. While a new sender name of an active location waits,
/// approving and rejecting are about the name.
pub async fn decide(
    table: &ClinicTable,
    actor: &Actor,
    location: LocationId,
    version: u64,
    decision: &Decision,
) -> Result<Kept<Activation>, ActivationFault> {
    let kept = activation(table, location).await?.ok_or(ActivationFault::NotFound(location))?;
    if kept.rev() != version {
        return Err(ActivationFault::Stale { id: location, version: kept.rev() });
    }
    let now = table.clock().now();
    let mut next = (*kept).clone();
    let mut deed = actor.did("activation.decided").on("location", location).severity(Severity::Warning);
    match (decision, next.change.take()) {
        (Decision::Approve, Some(change)) => {
            next.application.sender_name = change.sender_name;
            next.step(now, kept.state, None);
            deed = deed.touched("sender_name");
        }
        (Decision::Reject { says }, Some(_)) => {
            next.step(now, kept.state, Some(says.clone()));
            deed = deed.touched("sender_name");
        }
        (_, change) => {
            next.change = change;
            let refused = ActivationFault::State { id: location, state: kept.state };
            let to = decision.leads(kept.state).ok_or(refused)?;
            next.step(now, to, decision.says());
            if !to.is_in_moderation() {
                next.overdue = false;
            }
            deed = deed.change("state", kept.state.name(), to.name());
        }
    }
    let mut write = table.write();
    write.replace(&kept, &next).create(&deed.entry(table));
    file::commit(table, write, location, Some(kept), next).await
}

/// Flags an application whose time is over and that is not decided; true if it was flagged now. Another
/// submission since then has a window of its own.
pub async fn overdue(
    table: &ClinicTable,
    terms: &Terms,
    location: LocationId,
    round: u32,
) -> Result<bool, ActivationFault> {
    let Some(kept) = activation(table, location).await?.filter(|kept| kept.round == round) else {
        return Ok(false);
    };
    let now = table.clock().now();
    let mut next = (*kept).clone();
    let late = if let Some(change) = &mut next.change {
        let late = !change.overdue && change.window.is_over(&terms.zone, now);
        change.overdue |= late;
        late
    } else {
        let late = kept.state.is_in_moderation()
            && !kept.overdue
            && kept.window.is_some_and(|window| window.is_over(&terms.zone, now));
        next.overdue |= late;
        late
    };
    if !late {
        return Ok(false);
    }
    let mut write = table.write();
    write.replace(&kept, &next);
    file::commit(table, write, location, Some(kept), next).await.map(|_| true)
}
