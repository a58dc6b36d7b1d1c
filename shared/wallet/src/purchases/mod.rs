//! Buying credits and money to send with.

mod buy;
mod credit;
mod fault;
mod give_back;
mod list;
mod package;
mod payments;
mod purchase;
mod told;

pub use buy::buy;
pub use credit::credit;
pub use fault::PurchaseFault;
pub use give_back::give_back;
pub use list::{purchase, purchases};
pub use package::{Package, package, packages};
pub use payments::{Begun, PaymentFault, Payments, Told, ToldKind};
pub use purchase::{PayOut, Purchase, State};
pub use told::told;

#[cfg(test)]
mod tests;
