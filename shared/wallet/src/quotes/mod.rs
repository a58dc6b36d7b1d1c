//! What messages will cost, told before they are sent.

mod quote;
mod token;

pub use quote::{Expected, Quote, Quoted, quote};
pub use token::{Agreed, QuoteFault, agree};

#[cfg(test)]
mod tests;
