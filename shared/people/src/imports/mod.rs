//! Imports: a file of another system, read through a mapping, first on trial and then for good.
//!
//! Each group of rows and the place in the file after it are one transaction: a process that dies anywhere
//! leaves an import that goes on where it was, and no row counts twice.

mod change;
mod convert;
mod create;
mod finding;
mod import;
mod mapping;
mod rows;
mod work;

pub use change::{cancel, check, run};
pub use create::{Created, NewImport, create};
pub use finding::{Finding, findings};
pub use import::{Counts, Format, Import, ImportFault, State, Totals, get, list};
pub use mapping::{Entity, Field, Mapping};
pub use work::{ImportContinues, Worked, work};
