//! webhooks.
