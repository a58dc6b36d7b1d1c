//! Secrets from Secrets Manager, kept for five minutes.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use aws_sdk_secretsmanager::Client;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::future::BoxFuture;
use kernel::{Clock, Timestamp};
use platform::{PlatformFault, Secret, Secrets};

use crate::{Base, at_its_address};

const KEPT: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

pub(crate) struct ManagedSecrets {
    base: Base,
    client: OnceLock<Client>,
    prefix: String,
    clock: Clock,
    known: Mutex<HashMap<String, (Timestamp, Secret)>>,
    /// Held while one is asked for: of twenty-five calls to a provider that begin at once, one asks and the others
    /// hear what it heard.
    asking: tokio::sync::Mutex<Option<(String, Timestamp, PlatformFault)>>,
}

impl ManagedSecrets {
    pub(crate) fn new(base: Base, prefix: String, clock: Clock) -> Self {
        Self {
            base,
            client: OnceLock::new(),
            prefix,
            clock,
            known: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    fn known(&self, name: &str) -> Option<Secret> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, secret) = known.get(name)?;
        (self.clock.now().duration_since(*since) < KEPT).then(|| secret.clone())
    }
}

impl Secrets for ManagedSecrets {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Secret, PlatformFault>> {
        Box::pin(async move {
            if let Some(secret) = self.known(name) {
                return Ok(secret);
            }
            let began = self.clock.now();
            let mut failed = self.asking.lock().await;
            if let Some(secret) = self.known(name) {
                return Ok(secret);
            }
            // Whoever asked meanwhile has waited long enough for all.
            if let Some((of, at, fault)) = &*failed
                && of == name
                && *at >= began
            {
                return Err(fault.clone());
            }
            let asked = self.ask(name).await;
            *failed = asked.as_ref().err().map(|fault| (name.to_owned(), self.clock.now(), fault.clone()));
            asked
        })
    }
}

impl ManagedSecrets {
    async fn ask(&self, name: &str) -> Result<Secret, PlatformFault> {
        let client = self.client.get_or_init(|| {
            Client::from_conf(at_its_address!(aws_sdk_secretsmanager, self.base, "secretsmanager"))
        });
        let got = client.get_secret_value().secret_id(format!("{}{name}", self.prefix)).send().await;
        let got = got.map_err(|error| match error.code() {
            Some("ResourceNotFoundException") => PlatformFault::Absent { what: "secrets" },
            code => PlatformFault::Away { what: "secrets", reason: code.unwrap_or("no answer").to_owned() },
        })?;
        let secret = Secret::new(got.secret_string.ok_or(PlatformFault::Absent { what: "secrets" })?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), (self.clock.now(), secret.clone()));
        Ok(secret)
    }
}
