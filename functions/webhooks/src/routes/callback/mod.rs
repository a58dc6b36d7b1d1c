//! Calls of providers: believed by their signature, kept before the answer.

mod refuse;
mod take;
mod verify;

use axum::body::Bytes;
use edge::{Problem, Visit};
use http::{HeaderMap, Uri};
use kernel::{ClinicId, Fault as _, Kind, Masked};
use platform::{Platform, PlatformFault};
use providers::{Hook, Unverified};

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

/// The clinic and the name of one of its accounts, as an address gives them. Nobody has proven them.
pub(super) fn own(clinic: &str, account: &str) -> Result<(ClinicId, String), Problem> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let named = (1..=32).contains(&account.len()) && account.bytes().all(letter);
    match clinic.parse() {
        Ok(clinic) if named => Ok((clinic, format!("clinics/{clinic}/{account}/hook"))),
        _ => Err(unknown_account()),
    }
}

/// Nothing is known by which such a call could be proven.
pub(super) fn unknown_account() -> Problem {
    let unknown = Unverified::WrongAccount;
    Problem::new(Kind::Forbidden, unknown.code(), unknown.to_string())
}

/// What proves the calls of an account: one value, or several with a comma while they are being changed. Without any
/// nothing can be told apart: the provider shall call again.
pub(super) async fn proofs(
    platform: &Platform,
    secret: &str,
    whose: Whose,
) -> Result<Vec<Masked<String>>, Problem> {
    let away = |reason: &str| {
        tracing::error!(secret.name = secret, reason, "no callback can be verified");
        Problem::new(Kind::Unavailable, "callbacks_unverifiable", "this is not possible for a moment")
            .retry_after(60)
    };
    let value = match platform.secrets.get(secret).await {
        Ok(value) => value,
        // The address names an account that nobody has set up; anybody can make up such addresses.
        Err(PlatformFault::Absent { .. }) if whose != Whose::Deployment => return Err(unknown_account()),
        Err(fault) => return Err(away(fault.code())),
    };
    let proofs = value.reveal().split(',').map(str::trim).filter(|proof| !proof.is_empty());
    let proofs: Vec<_> = proofs.map(|proof| Masked::new(proof.to_owned())).collect();
    if proofs.is_empty() { Err(away("it is empty")) } else { Ok(proofs) }
}
