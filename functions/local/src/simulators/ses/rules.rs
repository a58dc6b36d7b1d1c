//! Mailboxes with a will of their own: read from `data/ses.json`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Errors, event::MailEvent};

/// The data file.
#[derive(Debug, Deserialize)]
pub(in crate::simulators) struct Rules {
    pub(in crate::simulators) names: Vec<Name>,
    errors: Errors,
}

/// What mailboxes of a certain name do, in any domain.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::simulators) struct Name {
    #[serde(rename = "name")]
    local: String,
    #[serde(rename = "does")]
    behaviour: Behaviour,
    says: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ErrorStatus {
    status: u16,
}

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Behaviour {
    Delivered,
    BouncePermanent,
    BounceTransient,
    MailboxFull,
    Complaint,
    Disorder,
    Silent,
    Slow,
    AnswerLost,
    Throttled,
    Rejected,
}

impl Rules {
    /// The rules of the data file.
    pub(in crate::simulators) fn get() -> &'static Self {
        static RULES: LazyLock<Rules> = LazyLock::new(|| {
            serde_json::from_str(include_str!("../../../data/ses.json")).expect("a test reads the file")
        });
        &RULES
    }

    /// What becomes of mail to an address; `name+anything` counts as `name`.
    pub(super) fn behaviour(&self, address: &str) -> Behaviour {
        let local = address.split('@').next().unwrap_or_default();
        let local = local.split('+').next().unwrap_or_default();
        let rule = self.names.iter().find(|rule| rule.local.eq_ignore_ascii_case(local));
        rule.map_or(Behaviour::Delivered, |rule| rule.behaviour)
    }

    /// The HTTP status of an error; a name the file lacks is a bad request.
    pub(super) fn status(&self, error: &str) -> u16 {
        self.errors.get(error).map_or(400, |error| error.status)
    }
}

/// The events a mail will cause.
pub(super) fn script(behaviour: Behaviour) -> Vec<MailEvent> {
    use MailEvent::{AwayBounce, Complaint, Delivery, FullBounce, PermanentBounce, Send};
    match behaviour {
        Behaviour::BouncePermanent => vec![Send, PermanentBounce],
        Behaviour::BounceTransient => vec![Send, AwayBounce],
        Behaviour::MailboxFull => vec![Send, FullBounce],
        Behaviour::Complaint => vec![Send, Delivery, Complaint],
        Behaviour::Disorder => vec![Delivery, Send, Delivery],
        Behaviour::Silent => Vec::new(),
        _ => vec![Send, Delivery],
    }
}
