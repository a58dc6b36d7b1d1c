//! Calls of providers: believed by their signature, kept before the answer.

mod refuse;
mod take;
mod verify;

use axum::body::Bytes;
use edge::{Problem, Visit};
use http::{HeaderMap, Uri};
use kernel::{ClinicId, Fault as _, Kind, Masked};
use messaging::accounts;
use platform::Platform;
use providers::{Hook, Provider, Unverified};

/// A call, as it came.
pub(super) struct Call<'a> {
    pub(super) platform: &'a Platform,
    pub(super) visit: Visit,
    pub(super) uri: &'a Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Whose account at the provider a call is proven to come from. What an account of a clinic tells is believed about
/// that clinic alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The deployment's, which is used for all clinics.
    Deployment,
    /// An account that a clinic has brought.
    Clinic(ClinicId),
}

impl Whose {
    /// Whether it may tell something about a clinic.
    fn may_tell_of(self, clinic: Option<ClinicId>) -> bool {
        match self {
            Self::Deployment => true,
            Self::Clinic(own) => clinic == Some(own),
        }
    }
}

impl Call<'_> {
    /// Verifies and keeps.
    pub(super) async fn take(self, whose: Whose, hook: &dyn Hook) -> Result<(), Problem> {
        let Self { platform, visit, uri, headers, body } = self;
        match verify::verify(hook, platform, uri, headers, body.clone()) {
            Ok(verified) => take::take(platform, visit, (whose, hook), &verified, (uri, &body)).await,
            Err(unverified) => {
                let named = match whose {
                    Whose::Clinic(clinic) => Some(clinic),
                    Whose::Deployment => refuse::named(uri),
                };
                Err(refuse::refuse(platform, visit, hook.provider(), named, unverified).await)
            }
        }
    }
}

/// An account that a clinic has brought.
pub(super) struct Own {
    /// The clinic.
    pub(super) whose: Whose,
    /// The provider's id of the account or application.
    pub(super) id: String,
    /// What its calls are checked with.
    pub(super) proofs: Vec<Masked<String>>,
}

/// The account that an address names; nobody has proven the names. It has to be one of this provider: what the calls
/// of another are checked with may be known to everybody, such as a public key. And the table is asked before the store
/// of secrets is: names can be made up by the thousand.
pub(super) async fn own(
    platform: &Platform,
    visit: Visit,
    provider: Provider,
    (clinic, account): (&str, &str),
) -> Result<Own, Problem> {
    let named: Option<ClinicId> = clinic.parse().ok();
    let account = match named {
        Some(clinic) => accounts::kept(&platform.table.of(clinic)).await?.and_then(|kept| {
            let account = kept.named(account).filter(|account| account.provider == provider)?;
            Some((clinic, account.own.clone()?, account.hook_secret(clinic)))
        }),
        None => None,
    };
    let Some((clinic, id, secret)) = account else {
        return Err(refuse::refuse(platform, visit, provider, named, Unverified::WrongAccount).await);
    };
    let proofs = proofs(platform, &secret).await?;
    Ok(Own { whose: Whose::Clinic(clinic), id, proofs })
}

/// What proves the calls of an account: one value, or several with a comma while they are being changed. Without any
/// nothing can be told apart: the provider shall call again.
pub(super) async fn proofs(platform: &Platform, secret: &str) -> Result<Vec<Masked<String>>, Problem> {
    let away = |reason: &str| {
        tracing::error!(secret.name = secret, reason, "no callback can be verified");
        Problem::new(Kind::Unavailable, "callbacks_unverifiable", "this is not possible for a moment")
            .retry_after(60)
    };
    let value = platform.secrets.get(secret).await.map_err(|fault| away(fault.code()))?;
    let proofs = value.reveal().split(',').map(str::trim).filter(|proof| !proof.is_empty());
    let proofs: Vec<_> = proofs.map(|proof| Masked::new(proof.to_owned())).collect();
    if proofs.is_empty() { Err(away("it is empty")) } else { Ok(proofs) }
}
