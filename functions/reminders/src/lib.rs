//! reminders.
