//! Calls to providers: one attempt each, with a time limit, signed as the provider wants it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_types::body::SdkBody;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use kernel::Clock;
use platform::{Auth, Http, HttpFault, Secrets};
use tokio::time::timeout;

use crate::{
    trust::{self, Trust},
    wire::{Broken, Wire},
};

/// The time in which a connection has to stand.
const CONNECT: Duration = Duration::from_secs(3);
/// Providers end unused connections early, and a call into such an end is one of which nobody knows.
const REST: Duration = Duration::from_secs(20);
/// The time in which an answer has to be there.
const ANSWER: Duration = Duration::from_secs(10);

/// Signs for AWS.
pub(crate) struct Signer {
    pub(crate) credentials: Credentials,
    pub(crate) region: String,
    pub(crate) clock: Clock,
}

pub(crate) struct ProviderHttp {
    wire: Arc<Wire>,
    secrets: Arc<dyn Secrets>,
    signer: Option<Signer>,
}

fn not_sent(reason: &str) -> HttpFault {
    HttpFault::NotSent(reason.to_owned())
}

impl Signer {
    fn sign(&self, request: &mut Request<Bytes>, service: &str) -> Result<(), HttpFault> {
        let identity = self.credentials.clone().into();
        let seconds = u64::try_from(self.clock.now().as_second()).unwrap_or(0);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| not_sent("signing"))?
            .into();
        let headers =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = request.uri().to_string();
        let signable = SignableRequest::new(
            request.method().as_str(),
            uri,
            headers,
            SignableBody::Bytes(request.body()),
        )
        .map_err(|_| not_sent("signing"))?;
        let (instructions, _) = sign(signable, &params).map_err(|_| not_sent("signing"))?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

impl ProviderHttp {
    pub(crate) fn new(secrets: Arc<dyn Secrets>, signer: Option<Signer>) -> Self {
        Self { wire: Wire::new(Trust::Public(trust::public), CONNECT, REST), secrets, signer }
    }

    async fn prove(&self, request: &mut Request<Bytes>, auth: &Auth) -> Result<(), HttpFault> {
        match auth {
            Auth::Basic { secret } => {
                let secret = self.secrets.get(secret).await.map_err(|fault| not_sent(&fault.to_string()))?;
                let proof = format!("Basic {}", STANDARD.encode(secret.reveal()));
                let mut proof = HeaderValue::try_from(proof).map_err(|_| not_sent("credentials"))?;
                proof.set_sensitive(true);
                request.headers_mut().insert(AUTHORIZATION, proof);
                Ok(())
            }
            Auth::Bearer { secret } => {
                let secret = self.secrets.get(secret).await.map_err(|fault| not_sent(&fault.to_string()))?;
                let proof = HeaderValue::try_from(format!("Bearer {}", secret.reveal()));
                let mut proof = proof.map_err(|_| not_sent("credentials"))?;
                proof.set_sensitive(true);
                request.headers_mut().insert(AUTHORIZATION, proof);
                Ok(())
            }
            Auth::Brought => Ok(()),
            Auth::Aws { service } => {
                let signer = self.signer.as_ref().ok_or_else(|| not_sent("no credentials"))?;
                signer.sign(request, service)
            }
        }
    }
}

impl Http for ProviderHttp {
    fn send<'a>(
        &'a self,
        mut request: Request<Bytes>,
        auth: &'a Auth,
    ) -> BoxFuture<'a, Result<Response<Bytes>, HttpFault>> {
        Box::pin(async move {
            self.prove(&mut request, auth).await?;
            // An answer that points elsewhere is an answer; following it would send the message again.
            match timeout(ANSWER, self.wire.send(request.map(SdkBody::from))).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(Broken::NotSent(reason))) => Err(not_sent(reason)),
                Ok(Err(Broken::NoAnswer(reason))) => Err(HttpFault::NoAnswer(reason.to_owned())),
                Err(_) => Err(HttpFault::NoAnswer("timeout".to_owned())),
            }
        })
    }
}
