//! Who did what to whom: an append-only log per clinic, sealed into a chain of hashes.
//!
//! An entry is written in the transaction of the change it describes ([`Deed::entry`]), as an item of its own,
//! so that the writers of a clinic never wait for each other. A few minutes later [`seal`] goes over what is new,
//! in order, and closes it under a [`Seal`] that also covers the seal before. From then on an entry that is
//! edited, taken out, slipped in or moved is found by [`verify`].
//!
//! Entries hold ids, field names and plain values, never personal data: [`Plain`] cannot be made from text that
//! came from outside.

mod actor;
mod archive;
mod chain;
mod deed;
mod entry;
mod list;
mod seal;
mod verify;

pub use actor::{Actor, Who};
pub use archive::{ArchiveRequested, Stretch, stretch};
pub use chain::{Damage, Head, Link, Seal};
pub use deed::{Deed, exported, record, viewed};
pub use entry::{Access, AccessKind, Change, Entry, Outcome, Plain, Purpose, Seen, Severity, Subject};
pub use list::{by_clinic, by_patient};
pub use seal::{SealFault, SealRequested, noticed, seal};
pub use verify::{Anchor, Verified, VerifyFault, verify};
