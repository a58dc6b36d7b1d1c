//! Calls to providers: one attempt each, with a time limit, signed as the provider wants it.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use kernel::Clock;
use platform::{Auth, Http, HttpFault, Secrets};

/// Signs for AWS.
pub(crate) struct Signer {
    pub(crate) credentials: Credentials,
    pub(crate) region: String,
    pub(crate) clock: Clock,
}

pub(crate) struct ProviderHttp {
    client: OnceLock<Result<reqwest::Client, String>>,
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
        Self { client: OnceLock::new(), secrets, signer }
    }

    fn client(&self) -> Result<&reqwest::Client, HttpFault> {
        let made = self.client.get_or_init(|| {
            reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(3))
                .timeout(Duration::from_secs(10))
                // An answer that points elsewhere is an answer; following it would send the message again.
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(|error| error.to_string())
        });
        made.as_ref().map_err(|reason| not_sent(reason))
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
            let (parts, body) = request.into_parts();
            let asked = self
                .client()?
                .request(parts.method, parts.uri.to_string())
                .headers(parts.headers)
                .body(body)
                .send()
                .await;
            let answer = match asked {
                Ok(answer) => answer,
                // Nothing went over the wire before there was a connection.
                Err(error) if error.is_connect() || error.is_builder() => {
                    return Err(not_sent("no connection"));
                }
                Err(error) if error.is_timeout() => return Err(HttpFault::NoAnswer("timeout".to_owned())),
                Err(_) => return Err(HttpFault::NoAnswer("connection lost".to_owned())),
            };
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.bytes().await.map_err(|_| HttpFault::NoAnswer("answer cut off".to_owned()))?;
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}
