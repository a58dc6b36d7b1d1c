//! The shape of the project: what lies where, who looks at whom, and that no half of a thing is missing.
#![expect(clippy::unwrap_used, reason = "everything here is a test: what does not go as it should ends it")]

mod arrows;
mod features;
mod files;
mod jobs;
mod keys;
mod template;
mod tree;
