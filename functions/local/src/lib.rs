//! The whole product in one process on one port, for the machine of whoever works on it or tries it.
//!
//! Parts: simulated providers, the pages to watch and answer on, tokens per role, a clock that can be moved and
//! the minute tick.

pub mod alone;
pub mod clock_page;
pub mod loopback;
pub mod pages;
mod problem;
pub mod product;
pub mod seed;
pub mod serve;
pub mod simulators;
pub mod ticker;
pub mod tokens;
