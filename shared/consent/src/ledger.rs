//! Who has agreed to what, and who has ended it: an append-only ledger, and what it amounts to now.

mod event;
mod fault;
mod read;
mod record;
mod standing;

pub use event::{By, ConsentEvent, Deed, Evidence, Method};
pub use fault::ConsentFault;
pub use read::{events, events_about, standing, standings, state_at};
pub(crate) use record::{Entry, record};
pub use standing::{Given, Level, Standing, Stop, StopReason};

#[cfg(test)]
mod tests;
