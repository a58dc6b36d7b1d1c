//! Reminders: the rules a clinic sets, the plan of each visit that follows from them, and what becomes of the
//! answers.
//!
//! - [`rules`]: what a clinic wants: when, to whom, by which way, with which words. A change is carried into the
//!   plans of all visits ahead by a [`RuleChanged`] job, page by page.
//! - [`plan`]: what follows for one visit, step by step with reasons; [`plan::plan`] is a pure function.
//! - [`Reminders`] writes it down in the transaction that changes the visit, so that no reminder of what is no
//!   longer true can remain.
//! - [`steps`]: what staff sees of a plan and does with one step of it.
//! - [`confirm`]: a patient says whether they will come; [`links`]: they say it by following a link.
//! - [`tick`]: the minute, which finds what is due; [`release`]: how a table that was restored begins to send again.

pub mod confirm;
pub mod links;
pub mod plan;
pub mod release;
mod reminders;
pub mod rules;
#[cfg(test)]
mod seams;
pub mod steps;
pub mod tick;

pub use reminders::Reminders;
pub use rules::RuleChanged;
