//! What links are signed with.

use kernel::{Fault, Kind};
use platform::{Platform, PlatformFault, Secret};

/// The secret in use and, after a comma, the one before.
pub(super) struct Keys(Secret);

/// No link can be told from a forged one.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoKeys {
    #[error("the secret of links cannot be read: {0}")]
    Unread(#[from] PlatformFault),
    #[error("the secret of links is empty")]
    Empty,
}

impl Fault for NoKeys {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }
    fn code(&self) -> &'static str {
        "links_unverifiable"
    }
}

impl Keys {
    pub(super) async fn of(platform: &Platform) -> Result<Self, NoKeys> {
        let keys = Self(platform.secrets.get("links").await?);
        // Anybody can sign with an empty key.
        if keys.all().is_empty() { Err(NoKeys::Empty) } else { Ok(keys) }
    }

    pub(super) fn all(&self) -> Vec<&[u8]> {
        let keys = self.0.reveal().split(',').map(str::trim).filter(|key| !key.is_empty());
        keys.map(str::as_bytes).collect()
    }
}
