//! Filing an application.

use audit::Actor;
use jiff::ToSpan as _;
use kernel::{LocationId, Timestamp};
use table::{ClinicTable, Kept, TableFault, Write, keys::ActivationKey};

use super::{Activation, ActivationFault, Application, SenderChange, ServiceState, Window, window};
use crate::{Task, Terms, WalletErrand};

/// The most locations of one clinic that are listed at once.
const MOST_LOCATIONS: u16 = 500;

/// The application of a location.
pub async fn activation(
    table: &ClinicTable,
    location: LocationId,
) -> Result<Option<Kept<Activation>>, TableFault> {
    table.get::<Activation>(&ActivationKey { location }).await
}

/// The applications of all locations.
pub async fn activations(table: &ClinicTable) -> Result<Vec<Kept<Activation>>, TableFault> {
    table.list_short(&ActivationKey::within(), MOST_LOCATIONS).await
}

/// Looks after an application on the day after its window.
pub(super) fn watch(
    write: &mut Write,
    table: &ClinicTable,
    terms: &Terms,
    location: LocationId,
    round: u32,
    window: Window,
) {
    let at: Timestamp = terms.zone.instant(window.to.saturating_add(1.day()).at(9, 0, 0, 0));
    let errand = WalletErrand { clinic: table.clinic(), task: Task::Review { location, round } };
    write.due(at, &format!("wallet/review/{location}/{round}"), &errand);
}

/// Writes an application in the place of the one read at `version`, 0 for none; `submit` hands it in. A draft,
/// one that was sent back and one that was refused can be written again. Of an active location only the sender
/// name can change: it is reviewed again, and the approved one stays in use until then.
pub async fn file(
    table: &ClinicTable,
    terms: &Terms,
    actor: &Actor,
    location: LocationId,
    version: u64,
    application: Application,
    submit: bool,
) -> Result<Kept<Activation>, ActivationFault> {
    let kept = activation(table, location).await?;
    let there = kept.as_ref().map_or(0, Kept::rev);
    if there != version {
        return Err(ActivationFault::Stale { id: location, version: there });
    }
    let faults = application.faults();
    if !faults.is_empty() {
        return Err(ActivationFault::Invalid(faults));
    }
    if terms.settings.bought.get(&location) != Some(&application.place) {
        return Err(ActivationFault::LocationMismatch(location));
    }
    let now = table.clock().now();
    let mut next = match &kept {
        Some(kept) if kept.state.takes_application() => Activation { application, ..(**kept).clone() },
        Some(kept) if kept.state == ServiceState::Active && submit => {
            change_of(kept, application, terms, now)?
        }
        Some(kept) => return Err(ActivationFault::State { id: location, state: kept.state }),
        None => Activation {
            location,
            application,
            state: ServiceState::Draft,
            round: 0,
            submitted_at: None,
            window: None,
            overdue: false,
            change: None,
            steps: Vec::new(),
        },
    };
    let mut write = table.write();
    if next.change.is_some() {
        next.round += 1;
    } else if submit {
        next.round += 1;
        next.submitted_at = Some(now);
        next.window = Some(window(&terms.zone, now));
        next.overdue = false;
        next.step(now, ServiceState::Submitted, None);
    } else if kept.is_none() {
        next.step(now, ServiceState::Draft, None);
    }
    let watched = next.change.as_ref().map_or(next.window, |change| Some(change.window));
    if let (true, Some(window)) = (submit, watched) {
        watch(&mut write, table, terms, location, next.round, window);
    }
    let before = kept.as_ref().map(|kept| kept.state.name().into());
    let deed = actor.did("activation.filed").on("location", location).change_of(
        "state",
        before,
        Some(next.state.name().into()),
    );
    match &kept {
        Some(kept) => write.replace(kept, &next),
        None => write.create(&next),
    };
    write.create(&deed.touched("application").entry(table));
    commit(table, write, location, kept, next).await
}

fn change_of(
    kept: &Kept<Activation>,
    wanted: Application,
    terms: &Terms,
    now: Timestamp,
) -> Result<Activation, ActivationFault> {
    let same = Application { sender_name: kept.application.sender_name.clone(), ..wanted.clone() };
    if same != kept.application || wanted.sender_name == kept.application.sender_name {
        return Err(ActivationFault::State { id: kept.location, state: kept.state });
    }
    let change = SenderChange {
        sender_name: wanted.sender_name,
        submitted_at: now,
        window: window(&terms.zone, now),
        overdue: false,
    };
    Ok(Activation { change: Some(change), ..(**kept).clone() })
}

pub(super) async fn commit(
    table: &ClinicTable,
    write: Write,
    location: LocationId,
    kept: Option<Kept<Activation>>,
    next: Activation,
) -> Result<Kept<Activation>, ActivationFault> {
    match write.commit().await {
        Ok(()) => Ok(match kept {
            Some(kept) => kept.followed_by(next),
            None => Kept::first(next),
        }),
        Err(fault) if fault.is_conflict() => {
            let version = activation(table, location).await?.as_ref().map_or(0, Kept::rev);
            Err(ActivationFault::Stale { id: location, version })
        }
        Err(fault) => Err(fault.into()),
    }
}
