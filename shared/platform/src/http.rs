//! Calls to providers.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};

/// How a call proves who we are. The handle adds the proof; who prepares a call never sees the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// HTTP Basic with the `user:password` that the secret of this name holds.
    Basic {
        /// The name of the secret.
        secret: String,
    },
    /// `Authorization: Bearer` with the token that the secret of this name holds.
    Bearer {
        /// The name of the secret.
        secret: String,
    },
    /// The request brings its proof along, such as a token that was granted.
    Brought,
    /// AWS Signature Version 4 for this service, with the process's own credentials.
    Aws {
        /// The service's signing name, such as `ses`.
        service: &'static str,
    },
}

/// A call that brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// The request provably never reached the other side: asking again is safe.
    #[error("the call was not made ({0})")]
    NotSent(String),
    /// The request may have been heard: asking again may do it twice.
    #[error("the call brought no answer ({0})")]
    NoAnswer(String),
}

/// Makes calls with a time limit of their own (10 seconds to connect and answer) and without any retry:
/// whether asking again is safe is the caller's to know.
pub trait Http: Send + Sync {
    /// Makes one call.
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        auth: &'a Auth,
    ) -> BoxFuture<'a, Result<Response<Bytes>, HttpFault>>;
}
