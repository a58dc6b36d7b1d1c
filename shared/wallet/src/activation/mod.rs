//! Whether a location may send: the application, its moderation, and the switches.

mod application;
mod decide;
mod fault;
mod file;
mod ready;
mod state;
mod window;

pub use application::{Activation, Applicant, Application, SenderChange, Step};
pub use decide::{Decision, decide, overdue};
pub use fault::ActivationFault;
pub use file::{activation, activations, file};
pub use ready::{ServiceFault, may_send};
pub use state::ServiceState;
pub use window::{Window, window};

#[cfg(test)]
mod tests;
