//! Messages in both directions: what they are, how far they are, how they are sent at most once, and how
//! answers find their way back.
//!
//! The one way to a provider is [`Sender::run`]; what goes through it has been cleared by the send gate of
//! `consent`, directly before the call.

pub mod accounts;
mod address_failed;
mod attempt;
mod cancel;
pub mod conversation;
pub mod counters;
mod create;
pub mod desk;
mod digest;
pub mod history;
pub mod inbound;
mod message;
mod plan;
mod readers;
pub mod receipt;
mod sender;
mod status;
mod values;

pub use address_failed::address_failed;
pub use attempt::{Attempt, AttemptError, AttemptStatus};
pub use cancel::{ChangeFault, cancel, reschedule, resend};
pub use create::{CreateFault, LONGEST_TEXT, create};
pub use digest::{Piece, send_or_collect, take_out};
pub use message::{
    About, Asks, Body, Draft, Message, Route, SendRequested, SendsRequested, Snapshot, Source,
};
pub use plan::{plan, take_back};
pub use readers::{Asked, Place, Readers};
pub use sender::{Carriers, Links, Sender, SettleUnknown, doubt};
pub use status::{Direction, Ended, Status};
pub use values::values_of;
