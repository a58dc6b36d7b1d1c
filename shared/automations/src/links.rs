//! Links by which patients answer: signed, and kept nowhere.
//!
//! A link names a visit in one generation. Whether it still works follows from the visit: it dies when the visit
//! is moved, is over or called off, when it was used, or when its time is up. Looking changes nothing, so that a
//! scanner that follows every link in a mail answers for nobody; acting takes a second step.

mod act;
mod fault;
mod look;
mod token;

pub use act::{act, act_for};
pub use fault::LinkFault;
pub use look::{CONFIRM_CLOSES_BEFORE, LinkLife, Looked, look};
pub use token::{Link, NotALink, Purpose, make, read};

#[cfg(test)]
mod tests;
