//! The way to a provider.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Lookup, Outgoing, Provider, ReceiptStatus, SendError};

/// One account at a provider, as far as sending goes. Makes requests and reads answers; calling is the work of
/// whoever holds the HTTP handle.
pub trait Carrier: Send + Sync {
    /// Whose account it is.
    fn provider(&self) -> Provider;
    /// The call that sends a message. Everything that can be known to be wrong before the call is refused here.
    fn request(&self, outgoing: &Outgoing) -> Result<Prepared, SendError>;
    /// What the provider's answer to that call means.
    fn answer(&self, response: &http::Response<Bytes>) -> Result<Accepted, SendError>;
    /// The call that can tell what became of an unknown attempt; `None` where the provider has none.
    fn lookup(&self, lookup: &Lookup) -> Option<Prepared>;
    /// What the provider's answer to that call means.
    fn looked_up(&self, lookup: &Lookup, response: &http::Response<Bytes>) -> LookedUp;
}

/// A call ready but for its signature.
pub struct Prepared {
    /// Method, address, headers and body, complete but for what `auth` adds.
    pub request: http::Request<Bytes>,
    /// Who has to sign, and how.
    pub auth: Auth,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Body and query hold people's addresses.
        let uri = self.request.uri();
        write!(f, "Prepared({} {}{})", self.request.method(), uri.host().unwrap_or_default(), uri.path())
    }
}

/// How a call proves whose it is. Names what is needed and never holds a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// Name of the secret whose value is `user:password`, such as an API key's id and secret.
        secret: String,
    },
    /// `Authorization: Bearer` (RFC 6750) with what the secret holds.
    Bearer {
        /// Name of the secret whose value is the token.
        secret: String,
    },
    /// `Authorization: Bearer` with a JSON Web Token that is signed for each call or few: RS256, claims
    /// `application_id`, `iat`, `exp` and a `jti` that is never repeated (Vonage applications).
    ApplicationToken {
        /// The value of `application_id`.
        application: String,
        /// Name of the secret whose value is the application's private key (PEM, PKCS 8).
        secret: String,
    },
    /// `Authorization: Bearer` with an OAuth 2 access token for a service account (RFC 7523), kept until shortly
    /// before it ends.
    ServiceAccount {
        /// Name of the secret whose value is the account's key file (JSON with `client_email`, `private_key` and
        /// `token_uri`).
        secret: String,
        /// What the token is for.
        scope: &'static str,
    },
    /// AWS Signature Version 4 with the function's own credentials and region.
    Aws {
        /// The service's name in the signature's scope.
        service: &'static str,
    },
}

/// The provider has taken a message; that it arrived is for a receipt to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The provider's id of it.
    pub provider_id: String,
    /// How far it is.
    pub status: ReceiptStatus,
}

/// What a look-up of an unknown attempt found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookedUp {
    /// The provider took it; it is settled.
    Found(Accepted),
    /// Nothing like it is listed. A hint, no proof: a message may wait at the provider before it is listed.
    /// Never send again on its strength; a person decides.
    Absent,
    /// The answer cannot tell, for instance since several are alike. It stays unknown.
    Unclear,
}
