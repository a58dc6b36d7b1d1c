//! Our ids on their way out and back: how a receipt finds its message even before the answer to the call that
//! sent it is stored.

use kernel::{ClinicId, MessageId};
use url::Url;

use crate::{ErrorClass, Outgoing, SendError};

/// What came back.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) clinic: Option<ClinicId>,
    pub(crate) message: Option<MessageId>,
    pub(crate) attempt: Option<u32>,
}

impl Ids {
    /// Out of the address that was called.
    pub(crate) fn in_url(url: &Url) -> Self {
        let ours = |wanted: &str| {
            url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        Self::read(ours("clinic").as_deref(), ours("message").as_deref(), ours("attempt").as_deref())
    }

    /// Back into an address of ours, for a call that goes on.
    pub(crate) fn onto(&self, of_ours: &str) -> Option<Url> {
        let mut url = Url::parse(of_ours).ok()?;
        let ids = [
            ("clinic", self.clinic.map(|id| id.to_string())),
            ("message", self.message.map(|id| id.to_string())),
            ("attempt", self.attempt.map(|number| number.to_string())),
        ];
        for (name, id) in ids {
            if let Some(id) = id {
                url.query_pairs_mut().append_pair(name, &id);
            }
        }
        Some(url)
    }

    /// Out of a reference that [`reference`] made.
    pub(crate) fn in_reference(text: &str) -> Self {
        let mut parts = text.split('.');
        Self::read(parts.next(), parts.next(), parts.next())
    }

    /// What is not ours is no failure: others may call, or send from the same account.
    pub(crate) fn read(clinic: Option<&str>, message: Option<&str>, attempt: Option<&str>) -> Self {
        Self {
            clinic: clinic.and_then(|id| id.parse().ok()),
            message: message.and_then(|id| id.parse().ok()),
            attempt: attempt.and_then(|number| number.parse().ok()),
        }
    }
}

/// For providers that give back one text of ours: at most 75 characters, opaque.
pub(crate) fn reference(outgoing: &Outgoing) -> String {
    format!("{}.{}.{}", outgoing.clinic, outgoing.message, outgoing.attempt)
}

/// For providers that call an address of ours.
pub(crate) fn address(of_ours: &str, outgoing: &Outgoing) -> Result<Url, SendError> {
    let mut url = Url::parse(of_ours).map_err(|_| unusable_settings())?;
    // Twilio refuses hosts with an underscore.
    if url.host_str().is_none_or(|host| host.contains('_')) {
        return Err(unusable_settings());
    }
    url.query_pairs_mut()
        .append_pair("clinic", &outgoing.clinic.to_string())
        .append_pair("message", &outgoing.message.to_string())
        .append_pair("attempt", &outgoing.attempt.to_string());
    Ok(url)
}

pub(crate) fn unusable_settings() -> SendError {
    SendError::own(
        ErrorClass::Config,
        "settings_unusable",
        "base address, account id or callback of the provider's settings make no address",
    )
}
