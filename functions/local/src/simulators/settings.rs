//! How the simulated providers behave.

use std::{collections::BTreeMap, time::Duration};

use secrecy::SecretString;

/// What the simulators expect of their caller and how quick they are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account every Twilio call must name (`AC…`).
    pub account: String,
    /// Its auth token: the password of Basic authentication and the key of the signatures.
    pub token: SecretString,
    /// Where replies from phones are posted to; without it they stay on the phone.
    pub inbound_url: Option<String>,
    /// The number each Messaging Service (`MG…`) sends from; a service not named here sends from a number
    /// derived from its id.
    pub services: BTreeMap<String, String>,
    /// From one status or event of a message to the next.
    pub step: Duration,
    /// Before the second try of a callback; doubles with each further one, up to a minute.
    pub retry: Duration,
    /// How often a callback is tried in all.
    pub tries: u32,
    /// How long a callback may take to be answered (Twilio: 15 s).
    pub patience: Duration,
    /// How late the slow numbers and mailboxes answer.
    pub slow: Duration,
    /// The topic that mail events are published to.
    pub topic: String,
}

impl Settings {
    /// A pace a person can follow on the page.
    pub fn watched(account: impl Into<String>, token: SecretString) -> Self {
        Self {
            account: account.into(),
            token,
            inbound_url: None,
            services: BTreeMap::new(),
            step: Duration::from_millis(400),
            retry: Duration::from_secs(1),
            tries: 8,
            patience: Duration::from_secs(15),
            slow: Duration::from_secs(20),
            topic: "arn:aws:sns:us-east-1:000000000000:mail-events".to_owned(),
        }
    }

    /// No pauses worth naming: for tests.
    pub fn quick(account: impl Into<String>, token: SecretString) -> Self {
        Self {
            step: Duration::from_millis(2),
            retry: Duration::from_millis(5),
            slow: Duration::from_millis(300),
            patience: Duration::from_secs(2),
            ..Self::watched(account, token)
        }
    }
}
