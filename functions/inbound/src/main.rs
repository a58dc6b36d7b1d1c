//! inbound.
fn main() {}
