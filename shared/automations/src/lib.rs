//! automations.
