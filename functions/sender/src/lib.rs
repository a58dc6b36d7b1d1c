//! sender.
