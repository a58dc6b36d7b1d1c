//! What every provider of mail needs: header lines that stay one line, text out of HTML, lines that are not too
//! long, and reading mail that comes in.

pub(crate) mod header;
pub(crate) mod parts;
pub(crate) mod plain;
pub(crate) mod quoted;
pub(crate) mod read;
pub(crate) mod wrap;

pub use read::{file, read};
