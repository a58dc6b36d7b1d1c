//! Handles to everything outside of the process: the table, queues, files, secrets, HTTP; and the clock.
//!
//! `aws` implements them for the cloud, [`inside`] for one process. Whoever gets a [`Platform`] cannot tell
//! which it is.

mod http;
pub mod inside;
mod invocation;
mod job;
mod redelivery;
mod settings;

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use kernel::{Clock, RawJob};
use table::Table;

pub use crate::http::{Auth, Http, HttpFault};
pub use invocation::{Envelope, Figures, Invocation, count, highest, trace};
pub use job::{JobFault, Worked};
pub use redelivery::Redelivery;
pub use settings::{MissingSetting, Settings};

/// What a function or the local process works with. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    /// Time, ids, randomness.
    pub clock: Clock,
    /// Everything that is kept.
    pub table: Table,
    /// Work for other functions.
    pub queue: Arc<dyn Queue>,
    /// Documents and imports.
    pub files: Arc<dyn Files>,
    /// What only this process may know.
    pub secrets: Arc<dyn Secrets>,
    /// Calls to providers.
    pub http: Arc<dyn Http>,
    /// Plain settings.
    pub settings: Arc<Settings>,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Platform({})", self.settings.stage)
    }
}

/// A handle did not do what was asked. None of these tells whether asking again is safe: each method says.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlatformFault {
    /// The other side is away or asks for patience.
    #[error("{what} is not available ({reason})")]
    Away {
        /// The handle.
        what: &'static str,
        /// A code of the other side, or the kind of transport failure.
        reason: String,
    },
    /// There is no such thing.
    #[error("{what} does not have what was asked for")]
    Absent {
        /// The handle.
        what: &'static str,
    },
}

impl kernel::Fault for PlatformFault {
    fn kind(&self) -> kernel::Kind {
        match self {
            Self::Away { .. } => kernel::Kind::Unavailable,
            Self::Absent { .. } => kernel::Kind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Away { .. } => "platform_unavailable",
            Self::Absent { .. } => "platform_absent",
        }
    }
}

/// Carries jobs to the functions that work from a queue.
pub trait Queue: Send + Sync {
    /// Pushes jobs, each into the queue of its lane, in as few calls as the queue takes. A push is a hint: the
    /// work is also in a due bucket, so that a failure here delays it by a minute and loses nothing. Pushing
    /// twice delivers twice.
    fn push<'a>(&'a self, jobs: &'a [RawJob]) -> BoxFuture<'a, Result<(), PlatformFault>>;
}

/// Where and how a client may upload one file by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The address for one PUT of the bytes.
    pub url: String,
    /// Headers that the PUT has to carry.
    pub headers: Vec<(String, String)>,
}

/// Keeps files under a key. Keys begin with the clinic's id.
pub trait Files: Send + Sync {
    /// Stores a file whole; again is the same.
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), PlatformFault>>;
    /// Up to `most` bytes from `offset` on; empty at or past the end.
    fn read<'a>(
        &'a self,
        key: &'a str,
        offset: u64,
        most: u64,
    ) -> BoxFuture<'a, Result<Bytes, PlatformFault>>;
    /// How many bytes a file has.
    fn size<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, PlatformFault>>;
    /// Lets a client upload a file of exactly `bytes` bytes within a quarter of an hour.
    fn upload<'a>(&'a self, key: &'a str, bytes: u64) -> BoxFuture<'a, Result<Upload, PlatformFault>>;
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Covers a value.
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Tells secrets by name, such as `twilio` (account and token) or `links` (the key that signs links).
pub trait Secrets: Send + Sync {
    /// The secret of that name; kept for some minutes, so that a rotation arrives by itself.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Secret, PlatformFault>>;
}
