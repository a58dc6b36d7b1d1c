//! WhatsApp through Meta's Cloud API: <https://developers.facebook.com/docs/whatsapp/cloud-api>.

mod answer;
mod events;
mod media;
mod send;
mod signature;

use std::sync::LazyLock;

use bytes::Bytes;
use kernel::{Masked, Timestamp};
use serde::Deserialize;

use crate::{
    Accepted, Auth, Carrier, Event, Hook, LookedUp, Lookup, Outgoing, Prepared, Provider, RawCall, SendError,
    Unreadable, Unverified, Verified, classes::Classes,
};

pub(crate) fn classes() -> &'static Classes {
    static CLASSES: LazyLock<Classes> =
        LazyLock::new(|| Classes::read(include_str!("../data/whatsapp_cloud.json")));
    &CLASSES
}

/// One number of a WhatsApp Business account.
#[derive(Debug, Clone, Deserialize)]
pub struct Whatsapp {
    /// `https://graph.facebook.com/v23.0`, or a simulator.
    pub base_url: String,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Name of the secret whose value is the access token of a system user.
    pub secret: String,
}

/// One app that tells us about our numbers.
pub struct WhatsappHook {
    app_secrets: Vec<Masked<String>>,
    verify_token: Masked<String>,
    base_url: String,
}

impl WhatsappHook {
    /// Takes calls signed with any of these app secrets; a blank one is none. `verify_token` is what Meta shows
    /// when the hook is set up, and `base_url` is where files that come in are fetched from.
    pub fn new(
        app_secrets: impl IntoIterator<Item = Masked<String>>,
        verify_token: Masked<String>,
        base_url: impl Into<String>,
    ) -> Self {
        // Anybody can sign with an empty key.
        let app_secrets =
            app_secrets.into_iter().filter(|secret| !secret.reveal().trim().is_empty()).collect();
        Self { app_secrets, verify_token, base_url: base_url.into() }
    }

    /// The answer to the GET by which Meta makes sure that the hook is ours: `hub.challenge`, to be sent back as
    /// it is in plain text. Whoever shows another token is refused.
    pub fn challenge(&self, raw: &RawCall) -> Result<String, Unverified> {
        signature::challenge(&self.verify_token, raw)
    }
}

/// Whether somebody whose last message came at `last` may be answered freely at `now`: within 24 hours.
/// Outside of it only an approved template is taken (error 131047).
pub fn is_window_open(last: Option<Timestamp>, now: Timestamp) -> bool {
    let window = classes().reply_window().unwrap_or_default();
    last.is_some_and(|last| now.duration_since(last) < window)
}

impl Carrier for Whatsapp {
    fn provider(&self) -> Provider {
        Provider::WhatsappCloud
    }

    fn request(&self, outgoing: &Outgoing) -> Result<Prepared, SendError> {
        send::request(self, outgoing)
    }

    fn answer(&self, response: &http::Response<Bytes>) -> Result<Accepted, SendError> {
        answer::read(response)
    }

    /// There is no list of what was taken: statuses settle an unknown attempt, by the reference they give back.
    fn lookup(&self, _: &Lookup) -> Option<Prepared> {
        None
    }

    fn looked_up(&self, _: &Lookup, _: &http::Response<Bytes>) -> LookedUp {
        LookedUp::Unclear
    }
}

impl Whatsapp {
    fn auth(&self) -> Auth {
        Auth::Bearer { secret: self.secret.clone() }
    }
}

impl Hook for WhatsappHook {
    fn provider(&self) -> Provider {
        Provider::WhatsappCloud
    }

    fn verify(&self, raw: &RawCall) -> Result<Verified, Unverified> {
        signature::verify(&self.app_secrets, raw)
    }

    fn events(&self, verified: &Verified) -> Result<Vec<Event>, Unreadable> {
        events::read(&self.base_url, verified)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, false)]
    #[case(Some("2026-11-22T10:00:00Z"), true)]
    #[case(Some("2026-11-21T10:00:01Z"), true)]
    #[case(Some("2026-11-21T10:00:00Z"), false)]
    fn a_free_answer_is_allowed_for_a_day(#[case] last: Option<&str>, #[case] open: bool) {
        let last = last.map(|at| at.parse().unwrap());
        assert_eq!(is_window_open(last, "2026-11-22T10:00:00Z".parse().unwrap()), open);
    }
}
