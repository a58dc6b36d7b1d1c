//! What staff sees of the plan of a visit, and what they do with one step of it.

mod cancel_one;
mod fault;
mod read;
mod send_now;
mod view;

use audit::{Actor, Who};

pub use cancel_one::cancel_one;
pub use fault::StepFault;
pub use send_now::send_now;
pub use view::{Shown, View, view};

/// How somebody is named in what they changed: an id, or the part of the product.
pub(crate) fn named(actor: &Actor) -> String {
    match &actor.who {
        Who::Staff { id, .. } => id.to_string(),
        Who::Patient { id } => id.to_string(),
        Who::System { name } | Who::Outside { name } => name.clone(),
    }
}

#[cfg(test)]
mod tests;
