//! How a call proves who we are. Most proofs are the HTTP handle's to add; tokens are made here, or asked for and
//! kept while they are good.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderValue, Request, header::AUTHORIZATION};
use kernel::{Fault as _, Masked, RequestId};
use platform::{Auth, Platform};
use providers::{
    Prepared, SendError,
    token::{self, Granted},
};

/// The tokens that service accounts were granted.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<(String, &'static str), Granted>>);

impl Tokens {
    /// The call with its proof, or with what the handle needs to add it. Nothing of the call itself has left when
    /// this fails.
    pub(super) async fn prove(
        &self,
        platform: &Platform,
        prepared: Prepared,
    ) -> Result<(Request<Bytes>, Auth), SendError> {
        let Prepared { request, auth } = prepared;
        Ok(match auth {
            providers::Auth::Basic { secret } => (request, Auth::Basic { secret }),
            providers::Auth::Bearer { secret } => (request, Auth::Bearer { secret }),
            providers::Auth::Aws { service } => (request, Auth::Aws { service }),
            providers::Auth::ApplicationToken { application, secret } => {
                let key = secret_of(platform, &secret).await?;
                let id = platform.clock.id::<RequestId>().to_string();
                let made = token::application(&application, &key, &id, platform.clock.now());
                let made = made.map_err(|bad| {
                    tracing::error!(secret.name = %secret, fault = %bad, "a provider's key cannot be used");
                    SendError::unproven()
                })?;
                (bearing(request, &made)?, Auth::Brought)
            }
            providers::Auth::ServiceAccount { secret, scope } => {
                let token = self.granted(platform, secret, scope).await?;
                (bearing(request, &token)?, Auth::Brought)
            }
        })
    }

    async fn granted(
        &self,
        platform: &Platform,
        secret: String,
        scope: &'static str,
    ) -> Result<Masked<String>, SendError> {
        let now = platform.clock.now();
        let account = (secret, scope);
        {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(granted) = kept.get(&account).filter(|granted| now < granted.until) {
                return Ok(granted.token.clone());
            }
        }
        let file = secret_of(platform, &account.0).await?;
        let request = token::grant(&file, scope, now).map_err(|bad| {
            tracing::error!(secret.name = %account.0, fault = %bad, "a provider's account cannot be used");
            SendError::unproven()
        })?;
        let answer = platform.http.send(request, &Auth::Brought).await.map_err(|fault| {
            tracing::warn!(secret.name = %account.0, fault = %fault, "a token could not be asked for");
            SendError::unreached()
        })?;
        let granted = token::granted(&answer, now).ok_or_else(|| {
            tracing::warn!(secret.name = %account.0, http.status = answer.status().as_u16(), "no token was granted");
            // A refused account stays refused; a server in trouble recovers.
            if answer.status().is_client_error() { SendError::unproven() } else { SendError::unreached() }
        })?;
        let token = granted.token.clone();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(account, granted);
        Ok(token)
    }
}

async fn secret_of(platform: &Platform, name: &str) -> Result<Masked<String>, SendError> {
    let secret = platform.secrets.get(name).await.map_err(|fault| {
        tracing::warn!(secret.name = %name, fault = fault.code(), "a secret could not be read");
        SendError::unreached()
    })?;
    Ok(Masked::new(secret.reveal().to_owned()))
}

fn bearing(mut request: Request<Bytes>, token: &Masked<String>) -> Result<Request<Bytes>, SendError> {
    let proof = HeaderValue::try_from(format!("Bearer {}", token.reveal()));
    let mut proof = proof.map_err(|_| SendError::unproven())?;
    proof.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, proof);
    Ok(request)
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
