//! Secrets that the process was given at its start.

use std::collections::HashMap;

use futures::future::BoxFuture;

use crate::{PlatformFault, Secret, Secrets};

/// A fixed set of secrets.
#[derive(Debug, Clone, Default)]
pub struct FixedSecrets(HashMap<String, Secret>);

impl FixedSecrets {
    /// The secrets by name.
    pub fn new(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(secrets.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
    }
}

impl Secrets for FixedSecrets {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Secret, PlatformFault>> {
        Box::pin(async move { self.0.get(name).cloned().ok_or(PlatformFault::Absent { what: "secrets" }) })
    }
}
