//! sender.
fn main() {}
