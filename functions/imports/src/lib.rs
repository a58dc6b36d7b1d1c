//! imports.
