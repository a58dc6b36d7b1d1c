//! reminders.
fn main() {}
