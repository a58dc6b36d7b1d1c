//! Events from other systems: taken once each, in order of when they happened.
//!
//! What cannot be used yet is parked and not lost: types and versions nobody here reads, and news of something
//! we have not heard of. The latter is taken up as soon as its subject appears.

mod catalogue;
mod envelope;
mod parked;
mod replay;
mod take;

pub use envelope::Envelope;
pub use parked::{ParkedEvent, Reason, parked};
pub use replay::replay;
pub(crate) use take::release;
pub use take::{Became, EventsFault, MOST, Outcome, take};
