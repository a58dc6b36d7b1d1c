//! The one table: typed keys, entities with revisions, lists with cursors, transactions, and the outbox of due
//! work.
//!
//! [`keys`] is the whole map. A feature gets [`Table::of`] a clinic and can neither read nor write outside of
//! it; what belongs to no clinic is in [`shared`].

mod count;
mod due;
mod each;
mod entity;
mod fault;
mod item;
pub mod keys;
mod list;
mod packed;
mod part;
mod read;
mod reads;
mod schema;
pub mod shared;
mod write;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use kernel::{ClinicId, Clock};

pub use count::Counter;
pub use due::{Due, SHARDS};
pub use each::Each;
pub use entity::{Entity, Kept};
pub use fault::{TableFault, WriteFault};
pub use item::{Change, Item, changed, unpack};
pub use list::Span;
pub use packed::open;
pub use part::{Digest, Part};
pub use reads::{Found, Reads};
pub use write::Write;

/// The table, as the process sees it. Cheap to clone.
#[derive(Clone)]
pub struct Table(Arc<Inner>);

struct Inner {
    client: Box<dyn Fn() -> Client + Send + Sync>,
    made: std::sync::OnceLock<Client>,
    name: String,
    clock: Clock,
}

impl Table {
    /// The table called `name`. The client is made at its first use, so that a function that starts does not
    /// pay for it before it is asked to work.
    pub fn new(client: impl Fn() -> Client + Send + Sync + 'static, name: String, clock: Clock) -> Self {
        Self(Arc::new(Inner { client: Box::new(client), made: std::sync::OnceLock::new(), name, clock }))
    }

    /// A clinic's part of the table: the only part a feature can see.
    pub fn of(&self, clinic: ClinicId) -> ClinicTable {
        ClinicTable { table: self.clone(), clinic, prefix: clinic.to_string() }
    }

    /// What belongs to no clinic: the few look-ups that lead to one, and the due buckets.
    pub fn shared(&self) -> shared::SharedTable {
        shared::SharedTable::new(self.clone())
    }

    /// Creates the table with its indexes and stream, if it is not there. In the cloud the template does this.
    pub async fn create(&self) -> Result<(), TableFault> {
        schema::create(self).await
    }

    pub(crate) fn client(&self) -> &Client {
        self.0.made.get_or_init(|| (self.0.client)())
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({})", self.0.name)
    }
}

/// One clinic's part of the table.
#[derive(Clone, Debug)]
pub struct ClinicTable {
    table: Table,
    clinic: ClinicId,
    prefix: String,
}

impl ClinicTable {
    /// Whose part it is.
    pub fn clinic(&self) -> ClinicId {
        self.clinic
    }

    /// The clock that stamps what is written here.
    pub fn clock(&self) -> &Clock {
        self.table.clock()
    }

    /// Starts a transaction of up to 100 items.
    pub fn write(&self) -> Write {
        Write::new(self.table.clone(), self.clinic)
    }
}
