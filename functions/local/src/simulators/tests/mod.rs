//! The simulated providers over real connections, as the product meets them.

mod mail;
mod restart;
mod texts;
mod world;
