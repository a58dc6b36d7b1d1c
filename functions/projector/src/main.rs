//! projector.
fn main() {}
