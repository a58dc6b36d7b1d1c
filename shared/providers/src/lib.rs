//! How to talk to those who carry messages: what to ask of them, how to read their answers, and how to believe
//! and read their calls.
//!
//! Nothing here does I/O, reads a clock or holds a provider account's secret for sending: a [`Carrier`] makes a
//! request and reads a response, a [`Hook`] checks a call and reads its events. Base addresses are settings, so
//! that a simulator receives the bytes that the provider would.

mod carrier;
mod classes;
mod event;
mod fault;
mod hook;
mod outgoing;
mod provider;
pub mod ses;
pub mod twilio;

pub use carrier::{Accepted, Auth, Carrier, LookedUp, Prepared};
pub use event::{Event, Inbound, MediaRef, OptOutType, Receipt, ReceiptError, ReceiptStatus};
pub use fault::{ErrorClass, SendError};
pub use hook::{Hook, RawCall, Unreadable, Unverified, Verified};
pub use outgoing::{Address, Attachment, Content, Lookup, Mail, Outgoing, TextSender};
pub use provider::Provider;
pub use ses::{Ses, SesHook};
pub use twilio::{Twilio, TwilioHook};
