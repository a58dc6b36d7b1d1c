//! A patient says whether they will come, by whatever way.

mod answer;
mod unconfirmed;

pub(crate) use answer::task_id;
pub use answer::{Answer, Answered, answer, answer_within};
pub use unconfirmed::{CONFIRMED_BEFORE, unconfirmed};

#[cfg(test)]
mod tests;
