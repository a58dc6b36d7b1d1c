//! The handles within one process: what `local` and the tests work with.

mod files;
mod nothing;
mod queue;
mod secrets;

pub use files::FolderFiles;
pub use nothing::Nothing;
pub use queue::{Delivery, InsideQueue};
pub use secrets::FixedSecrets;
