//! webhooks.
fn main() {}
