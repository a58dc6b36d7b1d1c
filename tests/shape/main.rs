//! The shape of the project: what lies where, who looks at whom, and that no half of a thing is missing.

mod arrows;
mod features;
mod files;
mod jobs;
mod keys;
mod template;
mod tree;
