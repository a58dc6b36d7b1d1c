//! A clinic in memory, and sentences about it.
//!
//! [`House`] runs the functions as they are deployed on an embedded database, a fixed clock and providers that
//! do as they are told. When it is dropped it makes sure that nothing was left behind: no job in a queue, none
//! put aside, no message that a sender still holds or that should have gone out, and none taken twice by a
//! provider.
#![expect(clippy::unwrap_used, reason = "everything here is a test: what does not go as it should ends it")]

mod act;
mod connect;
mod fuse;
mod house;
mod look;
mod mistake;
mod patient;
mod providers;
mod time;
mod turns;
mod visit;
mod wire;

pub use act::{Act, Fate, Item};
pub use fuse::{Call, Fuse, Kill, Trace, Weather};
pub use house::{House, PUBLIC, staff};
pub use mistake::{Bucket, Mistake, Reader, Seen, Sending};
pub use patient::{NewPatient, Patient};
pub use providers::{Answer, FakeProviders, Sent};
pub use time::{hours, minutes};
pub use turns::Turns;
pub use visit::Visit;

/// The number that texts of the clinic come from.
pub const OUR_NUMBER: &str = "+12125550100";
/// The number people call.
pub const HELP_NUMBER: &str = "+12125550101";

/// An instant, from text that is one.
pub fn at(text: &str) -> kernel::Timestamp {
    text.parse().expect("an instant such as 2026-06-08T14:00:00Z")
}
