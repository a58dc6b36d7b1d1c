//! Persons.

pub(super) mod names;
