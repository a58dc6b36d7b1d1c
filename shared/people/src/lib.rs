//! Persons and how to reach them, who answers for whom, the people and places of the clinic, and its
//! appointments: our picture of facts whose master is another system.

mod address;
pub mod appointments;
pub mod clinic;
pub mod contact;
pub mod events;
pub mod household;
pub mod imports;
pub mod location;
pub mod mirror;
pub mod origin;
pub mod person;
pub mod persons;
pub mod phone;
pub mod practitioner;
pub mod reach;
#[cfg(test)]
mod testing;

pub use address::{dependants_of, persons_at};
pub use appointments::{Appointment, NoPlan, Replan};
pub use clinic::Clinic;
pub use contact::{ContactKind, ContactPoint, ContactStatus};
pub use location::Location;
pub use person::Person;
pub use phone::{Region, read_phone};
pub use practitioner::Practitioner;
